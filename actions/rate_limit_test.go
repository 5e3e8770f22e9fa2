package actions

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

type attempts struct {
	times int           // number of attempts; 0 means one
	after time.Duration // time that passes before the first attempt
	email string        // "" is ada@example.com, which has an account; %d is the number of the attempt
	right bool          // the password is right
	via   string        // X-Forwarded-For; %d is the number of the attempt
	node  int           // 0 or 1, on one database
	known bool          // the browser is known to ada@example.com
	want  int           // the status of the response
	wait  int           // Retry-After in seconds
}

const (
	ok      = http.StatusSeeOther
	wrong   = http.StatusUnprocessableEntity
	refused = http.StatusTooManyRequests
)

// docs/security.md lists the limits.
var rateLimitCases = []struct {
	name     string
	trusted  string // TRUSTED_PROXIES; requests come from 127.0.0.1
	attempts []attempts
}{
	{"per email: five are free, then the wait grows, for all clients", "127.0.0.0/8", []attempts{
		{times: 5, via: "192.0.2.%d", want: wrong},
		{via: "192.0.2.6", want: refused, wait: 1},
		{via: "192.0.2.7", right: true, want: refused, wait: 1},
		{via: "192.0.2.8", email: "bob@example.com", right: true, want: ok},
		{after: time.Second, via: "192.0.2.9", want: wrong},
		{via: "192.0.2.10", want: refused, wait: 2},
		{after: 2 * time.Second, via: "192.0.2.11", want: wrong},
		{after: time.Second, via: "192.0.2.12", want: refused, wait: 3},
		{after: 3 * time.Second, via: "192.0.2.13", right: true, want: ok},
	}},
	{"an email without an account is counted in the same way", "127.0.0.0/8", []attempts{
		{times: 5, email: "nobody@example.com", via: "192.0.2.%d", want: wrong},
		{email: "nobody@example.com", via: "192.0.2.6", want: refused, wait: 1},
		{after: time.Second, email: "nobody@example.com", via: "192.0.2.7", want: wrong},
		{email: "nobody@example.com", via: "192.0.2.8", want: refused, wait: 2},
	}},
	{"an invalid email is counted in the same way", "127.0.0.0/8", []attempts{
		{times: 5, email: "nobody", via: "192.0.2.%d", want: wrong},
		{email: " Nobody", via: "192.0.2.6", want: refused, wait: 1},
	}},
	{"per client: ten failures in three minutes, for any emails", "127.0.0.0/8", []attempts{
		{times: 10, email: "user%d@example.com", via: "192.0.2.1", want: wrong},
		{email: "another@example.com", via: "192.0.2.1", want: refused, wait: 180},
		{via: "192.0.2.1", right: true, want: refused, wait: 180},
		{via: "192.0.2.2", right: true, want: ok},
		{after: 179 * time.Second, email: "another@example.com", via: "192.0.2.1", want: refused, wait: 1},
		{after: time.Second, email: "another@example.com", via: "192.0.2.1", want: wrong},
	}},
	{"of two waits the longer counts", "127.0.0.0/8", []attempts{
		{times: 5, via: "192.0.2.1", want: wrong},
		{times: 5, email: "user%d@example.com", via: "192.0.2.1", want: wrong},
		{via: "192.0.2.1", want: refused, wait: 180}, // by the limit of the client
	}},
	{"of two waits the longer counts, the other way round", "127.0.0.0/8", []attempts{
		{times: 9, email: "user%d@example.com", via: "192.0.2.1", want: wrong},
		{times: 5, via: "192.0.2.2", want: wrong},
		{after: time.Second, via: "192.0.2.2", want: wrong},
		{after: 2 * time.Second, via: "192.0.2.2", want: wrong},
		{after: 175 * time.Second, via: "192.0.2.1", want: wrong}, // the eighth of the email, the tenth of the client
		{via: "192.0.2.1", want: refused, wait: 8},                // by the limit of the email
	}},
	{"IPv6 by /64", "127.0.0.0/8", []attempts{
		{times: 10, email: "user%d@example.com", via: "2001:db8:1:2::%d", want: wrong},
		{email: "another@example.com", via: "2001:db8:1:2:ffff:ffff:ffff:ffff", want: refused, wait: 180},
		{email: "another@example.com", via: "2001:db8:1:3::1", want: wrong},
	}},
	{"IPv6 by /48, a hundred failures", "127.0.0.0/8", []attempts{
		{times: 100, email: "user%d@example.com", via: "2001:db8:1:%d::1", want: wrong},
		{email: "another@example.com", via: "2001:db8:1:ffff::1", want: refused, wait: 180},
		{right: true, via: "2001:db8:1:ffff::1", known: true, want: ok},
		{email: "another@example.com", via: "2001:db8:2::1", want: wrong},
	}},
	{"X-Forwarded-For from an untrusted peer is ignored", "10.0.0.0/8", []attempts{
		{times: 10, email: "user%d@example.com", via: "192.0.2.%d", want: wrong},
		{email: "another@example.com", via: "192.0.2.99", want: refused, wait: 180},
		{email: "another@example.com", want: refused, wait: 180},
	}},
	{"of X-Forwarded-For, the last untrusted IP counts", "127.0.0.0/8, 10.0.0.0/8", []attempts{
		{times: 5, email: "user%d@example.com", via: "192.0.2.%d, 203.0.113.9", want: wrong},
		{times: 5, email: "more%d@example.com", via: "10.0.0.1, 192.0.2.%d, 203.0.113.9, 10.0.0.7", want: wrong},
		{email: "another@example.com", via: "203.0.113.9", want: refused, wait: 180},
		{email: "another@example.com", via: "203.0.113.9, 203.0.113.10", want: wrong},
	}},
	{"spellings of an email share its bucket", "127.0.0.0/8", []attempts{
		{email: "ada@example.com", via: "192.0.2.1", want: wrong},
		{email: "ADA@EXAMPLE.COM", via: "192.0.2.2", want: wrong},
		{email: " \tAda@example.com ", via: "192.0.2.3", want: wrong},
		{email: "ada@Example.Com\r\n", via: "192.0.2.4", want: wrong},
		{email: "\u00a0aDa@example.com\u3000", via: "192.0.2.5", want: wrong},
		{email: "ada@example.com", via: "192.0.2.6", want: refused, wait: 1},
	}},
	{"a login clears the account's attempts, not the client's", "127.0.0.0/8", []attempts{
		{times: 4, via: "192.0.2.1", want: wrong},
		{via: "192.0.2.1", right: true, want: ok},
		{times: 4, via: "192.0.2.1", want: wrong},
		{via: "192.0.2.1", right: true, want: ok},
		{times: 2, via: "192.0.2.1", want: wrong},
		{via: "192.0.2.1", want: refused, wait: 180},
	}},
	{"successful logins do not count", "127.0.0.0/8", []attempts{
		{times: 12, via: "192.0.2.1", right: true, want: ok},
	}},
	{"a known browser has a bucket of its own", "127.0.0.0/8", []attempts{
		{times: 5, via: "192.0.2.%d", want: wrong},
		{via: "192.0.2.6", right: true, want: refused, wait: 1},
		{via: "192.0.2.6", known: true, right: true, want: ok},
		{via: "192.0.2.6", right: true, want: refused, wait: 1}, // unknown browsers must still wait
		{times: 5, via: "192.0.2.%d", known: true, want: wrong},
		{via: "192.0.2.6", known: true, right: true, want: refused, wait: 1},
		{times: 5, via: "198.51.100.%d", email: "bob@example.com", want: wrong},
		{via: "198.51.100.6", known: true, email: "bob@example.com", right: true, want: refused, wait: 1}, // the browser is not known to Bob's account
	}},
	{"two nodes count together", "127.0.0.0/8", []attempts{
		{times: 3, via: "192.0.2.1", want: wrong},
		{times: 2, via: "192.0.2.1", node: 1, want: wrong},
		{via: "192.0.2.2", want: refused, wait: 1},
		{via: "192.0.2.2", node: 1, want: refused, wait: 1},
		{times: 5, email: "user%d@example.com", via: "192.0.2.1", node: 1, want: wrong},
		{email: "another@example.com", via: "192.0.2.1", want: refused, wait: 180},
	}},
}

func TestRateLimit_OfLogins(t *testing.T) {
	modelstest.Empty(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	for _, c := range rateLimitCases {
		t.Run(c.name, func(t *testing.T) {
			proxies := func(conf *config.Config) {
				conf.TrustedProxies = nil
				for prefix := range strings.SplitSeq(c.trusted, ", ") {
					conf.TrustedProxies = append(conf.TrustedProxies, netip.MustParsePrefix(prefix))
				}
			}
			require.NoError(t, models.DB.RawQuery("DELETE FROM rate_limits").Exec())
			models.Clock.Reset()
			nodes := []*site{restart(t, proxies), restart(t, proxies)}
			known := nodes[0].loggedIn("ada@example.com", firefox)
			models.Clock.Stop() // only attempts.after moves it
			for line, a := range c.attempts {
				models.Clock.Move(a.after)
				for n := range max(a.times, 1) {
					a.run(t, nodes, known, line, n+1)
				}
			}
		})
	}
}

func (a attempts) run(t *testing.T, nodes []*site, known *browser, line, n int) {
	t.Helper()
	numbered := func(s string) string { return strings.ReplaceAll(s, "%d", strconv.Itoa(n)) }
	b := nodes[a.node].browser()
	if a.known {
		b = known
		b.logOut()
	}
	b.Header.Set("X-Forwarded-For", numbered(a.via))
	form := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	if a.email != "" {
		form.Set("email", numbered(a.email))
	}
	if a.right {
		form.Set("password", modelstest.Password)
	}
	answer := b.Post("/login", form)
	require.Equal(t, a.want, answer.StatusCode, "attempts[%d], number %d", line, n)
	wait := ""
	if a.wait > 0 {
		wait = strconv.Itoa(a.wait)
	}
	require.Equal(t, wait, answer.Header.Get("Retry-After"), "attempts[%d], number %d", line, n)
}

func TestRateLimit_FiveOfFiftyConcurrentAttemptsPass(t *testing.T) {
	proxies := trustLoopback
	nodes := []*site{newSite(t, proxies), restart(t, proxies)}
	modelstest.SignUp(t, "ada@example.com")
	models.Clock.Stop() // on a slow machine, the first wait (1 s) could end
	statuses := make(chan int, 50)
	var all sync.WaitGroup
	for n := range 50 {
		b := nodes[n%2].browser()
		b.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n))
		all.Go(func() {
			statuses <- b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}).StatusCode
		})
	}
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	require.Equal(t, map[int]int{wrong: 5, refused: 45}, count)
}

func TestRateLimit_LocksAfterAHundredAttempts(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	wrongPassword := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	require.Equal(t, wrong, b.Post("/login", wrongPassword).StatusCode)
	require.NoError(t, models.DB.RawQuery("UPDATE rate_limits SET attempts = 99 WHERE purge_ms > ?", models.Clock.Now().Add(time.Hour).UnixMilli()).Exec(), "the email's bucket, the only one that is kept so long")
	require.Equal(t, wrong, b.Post("/login", wrongPassword).StatusCode, "the hundredth")
	for range 3 {
		models.Clock.Move(24 * time.Hour)
		a := b.logIn("ada@example.com")
		require.Equal(t, refused, a.StatusCode)
		require.Equal(t, "900", a.Header.Get("Retry-After"))
		require.Contains(t, a.Page, "Too many attempts in a row. You need a new password")
	}
	b.Post("/password/forgot", url.Values{"email": {"ada@example.com"}})
	b.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	require.Equal(t, "/login", b.Put("/password/reset", url.Values{"password": {modelstest.Password}}).Location())
	require.Equal(t, refused, s.browser().logIn("ada@example.com").StatusCode, "other browsers are still refused")
	require.Equal(t, "/", b.logIn("ada@example.com").Location())
}

// Thirty users behind one IP log in at the same time with right passwords, on two nodes.
func TestRateLimit_ThirtyUsersBehindOneIP(t *testing.T) {
	nodes := []*site{newSite(t), restart(t)}
	locations := make([]string, 30)
	var all sync.WaitGroup
	for n := range locations {
		email := fmt.Sprintf("user%d@example.com", n)
		modelstest.SignUp(t, email)
		b := nodes[n%2].browser()
		all.Go(func() { locations[n] = b.logIn(email).Location() })
	}
	all.Wait()
	for _, location := range locations {
		require.Equal(t, "/", location)
	}
}

// Prevents an attacker at an open session from trying passwords without the limit of logins.
func TestRateLimit_CountsPasswordConfirmations(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	for n := range 9 {
		require.Equal(t, wrong, ada.confirm("wrong").StatusCode, n)
	}
	ada.logOut()
	require.Equal(t, wrong, ada.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}).StatusCode)
	a := ada.logIn("ada@example.com")
	require.Equal(t, refused, a.StatusCode, "logins and confirmations share the bucket")
	require.Equal(t, "32", a.Header.Get("Retry-After"))
}

// Prevents account enumeration: the responses are alike, whether the limit is that of an
// account, of an email without an account, or of a client.
func TestRateLimit_DoesNotRevealAccounts(t *testing.T) {
	s := newSite(t, trustLoopback)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	attempt := func(email, client string) apptest.Response {
		b := s.browser()
		b.Header.Set("X-Forwarded-For", client)
		return b.Post("/login", url.Values{"email": {email}, "password": {"wrong"}})
	}
	appearance := func(a apptest.Response, email string) string {
		h := a.Header.Clone()
		for _, name := range []string{"Date", "X-Request-Id", "Content-Length"} {
			h.Del(name)
		}
		return fmt.Sprint(a.StatusCode, h, strings.ReplaceAll(a.Page, email, "EMAIL"))
	}
	for range 5 {
		require.Equal(t, appearance(attempt("ada@example.com", "192.0.2.1"), "ada@example.com"), appearance(attempt("eve@example.com", "192.0.2.2"), "eve@example.com"))
	}
	want := appearance(attempt("ada@example.com", "192.0.2.3"), "ada@example.com")
	require.Contains(t, want, "429")
	require.Equal(t, want, appearance(attempt("eve@example.com", "192.0.2.3"), "eve@example.com"))

	for n := range 10 {
		require.Equal(t, wrong, attempt(fmt.Sprintf("user%d@example.com", n), "192.0.2.9").StatusCode)
	}
	models.Clock.Move(179 * time.Second) // then the wait of the client is a second, too
	require.Equal(t, want, appearance(attempt("bob@example.com", "192.0.2.9"), "bob@example.com"))
	require.Equal(t, want, appearance(attempt("zoe@example.com", "192.0.2.9"), "zoe@example.com"))
}
