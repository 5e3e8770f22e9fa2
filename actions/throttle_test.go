package actions_test

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
	"corral/models"
	"corral/models/modelstest"
)

// tries are logins in a row, and what they are answered with.
type tries struct {
	times int           // 0 is once
	after time.Duration // that has passed before the first
	email string        // "" is ada@example.com, who has an account; %d is the number of the try
	right bool          // the password
	via   string        // X-Forwarded-For; %d is the number of the try
	node  int           // of two on one database
	known bool          // in a browser that has signed in to the account before
	want  int           // status
	wait  int           // Retry-After, seconds
}

const (
	ok      = http.StatusSeeOther
	wrong   = http.StatusUnprocessableEntity
	refused = http.StatusTooManyRequests
)

// Whose tries count together, and how long they hold up the next: docs/security.md has the limits.
var throttleCases = []struct {
	name    string
	trusted string // TRUSTED_PROXIES; the peer of every request is 127.0.0.1
	tries   []tries
}{
	{"per account: five are free, then the wait grows, from wherever", "127.0.0.0/8", []tries{
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
	{"an address without account is counted alike", "127.0.0.0/8", []tries{
		{times: 5, email: "nobody@example.com", via: "192.0.2.%d", want: wrong},
		{email: "nobody@example.com", via: "192.0.2.6", want: refused, wait: 1},
		{after: time.Second, email: "nobody@example.com", via: "192.0.2.7", want: wrong},
		{email: "nobody@example.com", via: "192.0.2.8", want: refused, wait: 2},
	}},
	{"what is no address is counted alike", "127.0.0.0/8", []tries{
		{times: 5, email: "nobody", via: "192.0.2.%d", want: wrong},
		{email: " Nobody", via: "192.0.2.6", want: refused, wait: 1},
	}},
	{"per client: ten failures in three minutes, at whatever addresses", "127.0.0.0/8", []tries{
		{times: 10, email: "user%d@example.com", via: "192.0.2.1", want: wrong},
		{email: "another@example.com", via: "192.0.2.1", want: refused, wait: 180},
		{via: "192.0.2.1", right: true, want: refused, wait: 180},
		{via: "192.0.2.2", right: true, want: ok},
		{after: 179 * time.Second, email: "another@example.com", via: "192.0.2.1", want: refused, wait: 1},
		{after: time.Second, email: "another@example.com", via: "192.0.2.1", want: wrong},
	}},
	{"of two waits the longer counts", "127.0.0.0/8", []tries{
		{times: 5, via: "192.0.2.1", want: wrong},
		{times: 5, email: "user%d@example.com", via: "192.0.2.1", want: wrong},
		{via: "192.0.2.1", want: refused, wait: 180}, // the client's
	}},
	{"of two waits the longer counts, also the other way round", "127.0.0.0/8", []tries{
		{times: 9, email: "user%d@example.com", via: "192.0.2.1", want: wrong},
		{times: 5, via: "192.0.2.2", want: wrong},
		{after: time.Second, via: "192.0.2.2", want: wrong},
		{after: 2 * time.Second, via: "192.0.2.2", want: wrong},
		{after: 175 * time.Second, via: "192.0.2.1", want: wrong}, // the eighth at the account, the tenth of the client
		{via: "192.0.2.1", want: refused, wait: 8},                // the account's
	}},
	{"IPv6 by /64", "127.0.0.0/8", []tries{
		{times: 10, email: "user%d@example.com", via: "2001:db8:1:2::%d", want: wrong},
		{email: "another@example.com", via: "2001:db8:1:2:ffff:ffff:ffff:ffff", want: refused, wait: 180},
		{email: "another@example.com", via: "2001:db8:1:3::1", want: wrong},
	}},
	{"X-Forwarded-For from an untrusted peer is not believed", "10.0.0.0/8", []tries{
		{times: 10, email: "user%d@example.com", via: "192.0.2.%d", want: wrong},
		{email: "another@example.com", via: "192.0.2.99", want: refused, wait: 180},
		{email: "another@example.com", want: refused, wait: 180},
	}},
	{"what a client writes into X-Forwarded-For itself is not believed", "127.0.0.0/8, 10.0.0.0/8", []tries{
		{times: 5, email: "user%d@example.com", via: "192.0.2.%d, 203.0.113.9", want: wrong},
		{times: 5, email: "more%d@example.com", via: "10.0.0.1, 192.0.2.%d, 203.0.113.9, 10.0.0.7", want: wrong},
		{email: "another@example.com", via: "203.0.113.9", want: refused, wait: 180},
		{email: "another@example.com", via: "203.0.113.9, 203.0.113.10", want: wrong},
	}},
	{"however an address is written, it is one", "127.0.0.0/8", []tries{
		{email: "ada@example.com", via: "192.0.2.1", want: wrong},
		{email: "ADA@EXAMPLE.COM", via: "192.0.2.2", want: wrong},
		{email: " \tAda@example.com ", via: "192.0.2.3", want: wrong},
		{email: "ada@Example.Com\r\n", via: "192.0.2.4", want: wrong},
		{email: "\u00a0aDa@example.com\u3000", via: "192.0.2.5", want: wrong},
		{email: "ada@example.com", via: "192.0.2.6", want: refused, wait: 1},
	}},
	{"a login clears the account's tries, not the client's", "127.0.0.0/8", []tries{
		{times: 4, via: "192.0.2.1", want: wrong},
		{via: "192.0.2.1", right: true, want: ok},
		{times: 4, via: "192.0.2.1", want: wrong},
		{via: "192.0.2.1", right: true, want: ok},
		{times: 2, via: "192.0.2.1", want: wrong},
		{via: "192.0.2.1", want: refused, wait: 180},
	}},
	{"logins that succeed use nothing up", "127.0.0.0/8", []tries{
		{times: 12, via: "192.0.2.1", right: true, want: ok},
	}},
	{"a known browser has a budget of its own", "127.0.0.0/8", []tries{
		{times: 5, via: "192.0.2.%d", want: wrong},
		{via: "192.0.2.6", right: true, want: refused, wait: 1},
		{via: "192.0.2.6", known: true, right: true, want: ok},
		{via: "192.0.2.6", right: true, want: refused, wait: 1}, // her login is no help to the stranger
		{times: 5, via: "192.0.2.%d", known: true, want: wrong},
		{via: "192.0.2.6", known: true, right: true, want: refused, wait: 1},
		{times: 5, via: "198.51.100.%d", email: "bob@example.com", want: wrong},
		{via: "198.51.100.6", known: true, email: "bob@example.com", right: true, want: refused, wait: 1}, // of one account only
	}},
	{"two nodes count together", "127.0.0.0/8", []tries{
		{times: 3, via: "192.0.2.1", want: wrong},
		{times: 2, via: "192.0.2.1", node: 1, want: wrong},
		{via: "192.0.2.2", want: refused, wait: 1},
		{via: "192.0.2.2", node: 1, want: refused, wait: 1},
		{times: 5, email: "user%d@example.com", via: "192.0.2.1", node: 1, want: wrong},
		{email: "another@example.com", via: "192.0.2.1", want: refused, wait: 180},
	}},
}

func TestThrottle_Cases(t *testing.T) {
	for _, c := range throttleCases {
		t.Run(c.name, func(t *testing.T) {
			proxies := func(conf *config.Config) {
				conf.TrustedProxies = nil
				for prefix := range strings.SplitSeq(c.trusted, ", ") {
					conf.TrustedProxies = append(conf.TrustedProxies, netip.MustParsePrefix(prefix))
				}
			}
			nodes := []*site{newSite(t, proxies), restart(t, proxies)}
			modelstest.SignUp(t, "ada@example.com")
			modelstest.SignUp(t, "bob@example.com")
			hers := nodes[0].signedIn("ada@example.com", firefox)
			models.Clock.Stop() // only the clock of the tries goes on
			for line, try := range c.tries {
				models.Clock.Move(try.after)
				for n := range max(try.times, 1) {
					try.run(t, nodes, hers, line, n+1)
				}
			}
		})
	}
}

func (try tries) run(t *testing.T, nodes []*site, hers *browser, line, n int) {
	t.Helper()
	numbered := func(s string) string { return strings.ReplaceAll(s, "%d", strconv.Itoa(n)) }
	b := nodes[try.node].browser()
	if try.known {
		b = hers
		b.logOut()
	}
	b.header.Set("X-Forwarded-For", numbered(try.via))
	form := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	if try.email != "" {
		form.Set("email", numbered(try.email))
	}
	if try.right {
		form.Set("password", modelstest.Password)
	}
	a := b.post("/login", form)
	require.Equal(t, try.want, a.StatusCode, "tries[%d], the %d. time", line, n)
	wait := ""
	if try.wait > 0 {
		wait = strconv.Itoa(try.wait)
	}
	require.Equal(t, wait, a.Header.Get("Retry-After"), "tries[%d], the %d. time", line, n)
}

// Tries that come at once, over two nodes, are counted one by one: of fifty five get through.
func TestThrottle_FiftyAtOnce(t *testing.T) {
	proxies := func(c *config.Config) { c.TrustedProxies = loopback(t) }
	nodes := []*site{newSite(t, proxies), restart(t, proxies)}
	modelstest.SignUp(t, "ada@example.com")
	models.Clock.Stop() // a slow machine must not wait out the first second
	statuses := make(chan int, 50)
	var all sync.WaitGroup
	for n := range 50 {
		b := nodes[n%2].browser()
		b.header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n))
		all.Go(func() {
			statuses <- b.post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}).StatusCode
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

// After a hundred in a row no waiting helps, and the page says what does.
func TestThrottle_HundredInARow(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	stranger := s.browser()
	wrongTry := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	require.Equal(t, wrong, stranger.post("/login", wrongTry).StatusCode)
	require.NoError(t, models.DB.RawQuery("UPDATE throttles SET tries = 99 WHERE forget_ms > ?", models.Clock.Now().Add(time.Hour).UnixMilli()).Exec())
	require.Equal(t, wrong, stranger.post("/login", wrongTry).StatusCode, "the hundredth")
	for range 3 {
		models.Clock.Move(24 * time.Hour)
		a := stranger.logIn("ada@example.com")
		require.Equal(t, refused, a.StatusCode)
		require.Equal(t, "900", a.Header.Get("Retry-After"))
		require.Contains(t, a.page, "Too many tries in a row. Only a new password helps now")
	}
	stranger.post("/password/forgot", url.Values{"email": {"ada@example.com"}})
	stranger.get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	require.Equal(t, "/login", stranger.put("/password/reset", url.Values{"password": {modelstest.Password}}).location())
	require.Equal(t, "/", stranger.logIn("ada@example.com").location())
}

// An open session is no way round: asking for the password once more counts too.
func TestThrottle_CurrentPassword(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	ada := s.signedIn("ada@example.com", firefox)
	for n, form := range []struct {
		method, path string
	}{{"PUT", "/account/password"}, {"PUT", "/account/email"}, {"DELETE", "/account"}, {"PUT", "/account/password"}, {"DELETE", "/account"}} {
		a := ada.post(form.path, url.Values{"_method": {form.method}, "current_password": {"wrong"}, "email": {"eve@example.com"}})
		require.Equal(t, wrong, a.StatusCode, n)
	}
	a := ada.post("/account", url.Values{"_method": {"DELETE"}, "current_password": {modelstest.Password}})
	require.Equal(t, refused, a.StatusCode)
	require.Equal(t, "1", a.Header.Get("Retry-After"))
	ada.logOut()
	require.Equal(t, refused, ada.logIn("ada@example.com").StatusCode, "it is one count")
}

// To somebody without the password, an account that is throttled, an address
// without account and a client that is throttled look the same.
func TestThrottle_LooksTheSame(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.TrustedProxies = loopback(t) })
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	try := func(email, client string) answer {
		b := s.browser()
		b.header.Set("X-Forwarded-For", client)
		return b.post("/login", url.Values{"email": {email}, "password": {"wrong"}})
	}
	looks := func(a answer, email string) string {
		h := a.Header.Clone()
		for _, name := range []string{"Date", "X-Request-Id", "Content-Length"} {
			h.Del(name)
		}
		return fmt.Sprint(a.StatusCode, h, strings.ReplaceAll(a.page, email, "EMAIL"))
	}
	for range 5 {
		require.Equal(t, looks(try("ada@example.com", "192.0.2.1"), "ada@example.com"), looks(try("eve@example.com", "192.0.2.2"), "eve@example.com"))
	}
	known := looks(try("ada@example.com", "192.0.2.3"), "ada@example.com")
	require.Contains(t, known, "429")
	require.Equal(t, known, looks(try("eve@example.com", "192.0.2.3"), "eve@example.com"))

	for n := range 10 {
		require.Equal(t, wrong, try(fmt.Sprintf("user%d@example.com", n), "192.0.2.9").StatusCode)
	}
	models.Clock.Move(179 * time.Second) // so that the client has to wait for a second too
	require.Equal(t, known, looks(try("bob@example.com", "192.0.2.9"), "bob@example.com"))
	require.Equal(t, known, looks(try("zoe@example.com", "192.0.2.9"), "zoe@example.com"))
}

// A try that is refused costs one indexed statement (which the plans of all
// statements show), no transaction and no hash; one that is let through is
// counted and noted in one transaction.
func TestThrottle_CostOfARefusedTry(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	hers, stranger, other := s.signedIn("ada@example.com", firefox), s.browser(), s.browser()
	hers.logOut()
	statements := func(b *browser, email string, want int) []string {
		return modelstest.Statements(func() {
			require.Equal(t, want, b.post("/login", url.Values{"email": {email}, "password": {"wrong"}}).StatusCode)
		})
	}
	for range 5 {
		require.Len(t, statements(stranger, "ada@example.com", wrong), 6, "look-up, BEGIN, note, two counts, account")
		require.Len(t, statements(hers, "ada@example.com", wrong), 5, "one count: the device's")
	}
	require.Len(t, statements(stranger, "nobody@example.com", wrong), 6, "as much")
	for range 4 {
		statements(stranger, "nobody@example.com", wrong)
	}
	require.NoError(t, models.DB.RawQuery("UPDATE users SET password_digest = 'none that can be compared'").Exec())
	for _, c := range []struct {
		b     *browser
		email string
	}{{stranger, "ada@example.com"}, {hers, "ada@example.com"}, {other, "nobody@example.com"}, {stranger, "free@example.com"}} {
		sent := statements(c.b, c.email, refused)
		require.Len(t, sent, 1, c.email)
		require.Contains(t, sent[0], "FROM throttles WHERE id IN")
	}
}
