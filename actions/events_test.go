package actions

import (
	"crypto/rand"
	"encoding/json"
	"io"
	stdlog "log"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

var securityEvents = map[string]func(s *site){
	"login succeeded":                      func(s *site) { s.loggedIn("ada@example.com", firefox) },
	"login failed":                         func(s *site) { s.browser().Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}}) },
	"rate limited":                         func(s *site) { s.repeatUntil(429, s.failedLogin) },
	"logout":                               func(s *site) { s.loggedIn("ada@example.com", firefox).logOut() },
	"guard refused":                        func(s *site) { s.browser().Get("/account") },
	"cross-origin refused":                 func(s *site) { s.with("Sec-Fetch-Site", "cross-site").Post("/login", url.Values{"a": {"b"}}) },
	"host refused":                         func(s *site) { s.requestDirect("GET", "evil.example", "https", "") },
	"clear text refused":                   func(s *site) { s.requestDirect("POST", "127.0.0.1", "http", "email=x") },
	"the proxy sends no X-Forwarded-Proto": func(s *site) { s.requestDirect("GET", "127.0.0.1", "", "") },
	"proxy not in TRUSTED_PROXIES":         untrustedProxy,
	"body refused":                         func(s *site) { s.browser().Post("/login", url.Values{"email": {strings.Repeat("x", 1<<20)}}) },
	"cookie refused":                       func(s *site) { b := s.browser(); b.SetCookie("__Host-"+sessionCookieName, "forged"); b.Get("/welcome") },
	"session refused":                      copiedCookie,
	"token refused":                        func(s *site) { s.browser().Get("/password/reset/x") },
	"signup requested":                     func(s *site) { s.browser().signUp("dora@example.com") },
	"account created":                      completeSignup,
	"reset requested":                      func(s *site) { s.browser().forgot("ada@example.com") },
	"password reset":                       resetPassword,
	"password changed":                     func(s *site) { s.changeSettings("/account/password", "password", "an entirely new set of words") },
	"client IP unknown":                    func(s *site) { behindProxy(s.t).browser().Get("/welcome") }, // without X-Forwarded-For
	"password confirmation failed":         func(s *site) { s.loggedIn("ada@example.com", firefox).confirm("wrong") },
	"confirmed":                            func(s *site) { s.loggedIn("ada@example.com", firefox).confirm(modelstest.Password) },
	"too many confirmations failed":        failedConfirmations,
	"email change requested":               func(s *site) { s.changeSettings("/account/email", "email", "ada@example.net") },
	"email changed":                        func(s *site) { s.changeEmail() },
	"change undone": func(s *site) {
		s.changeEmail()
		s.browser().Post("/not-me/"+modelstest.Link(s.t, "ada@example.com", models.MailEmailChanged), url.Values{})
	},
	"account deleted": func(s *site) { s.loggedIn("ada@example.com", firefox).Delete("/account", nil) },
	"panic":           func(s *site) { s.loggedIn("ada@example.com", firefox).Get("/panic") },
	"error":           func(s *site) { s.getWithoutDatabase("/password/reset/x") },
}

// untrustedProxy requests a page through a proxy that TRUSTED_PROXIES does not name.
func untrustedProxy(s *site) {
	restart(s.t, func(c *config.Config) {
		c.Env, c.Host = config.Production, &url.URL{Scheme: "https", Host: "127.0.0.1"}
	}).requestDirect("GET", "127.0.0.1", "https", "")
}

func TestEvents_AreLogged(t *testing.T) { requireEvents(t, securityEvents) }

// Other requests than those of securityEvents cause the same events.
func TestEvents_AreLoggedForOtherRequests(t *testing.T) {
	requireEvents(t, map[string]func(s *site){
		"host refused": func(s *site) { s.requestDirect("GET", "127.0.0.1:3000.evil.example", "https", "") },
		"body refused": func(s *site) { s.requestDirect("POST", "127.0.0.1", "https", "email=%zz") },
	})
}

// requireEvents requires that each provocation logs its event.
func requireEvents(t *testing.T, provocations map[string]func(s *site)) {
	t.Helper()
	log := captureLog(t)
	s := behindProxy(t)
	for event, provoke := range provocations {
		t.Run(event, func(t *testing.T) {
			modelstest.Empty(t)
			modelstest.SignUp(t, "ada@example.com")
			before := len(log.String())
			provoke(&site{s.Server, t})
			require.Contains(t, eventsIn(t, log.String()[before:]), event)
		})
	}
}

func TestEvents_NameClientAndUser(t *testing.T) {
	log := captureLog(t)
	s := behindProxy(t)
	modelstest.Empty(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	for _, path := range []string{"/", "/account"} {
		before := len(log.String())
		b.Get(path)
		require.Contains(t, log.String()[before:], `"client":"127.0.0.1","user_id":"`+ada.ID.String()+`"`)
	}
}

// The digest shows whether attempts are for one email or many, but not the email.
func TestEvents_FailuresCarryADigestOfTheEmail(t *testing.T) {
	log := captureLog(t)
	s := newProductionSite(t)
	modelstest.SignUp(t, "ada@example.com")
	digests := map[string]string{}
	for _, typed := range []string{"ada@example.com", " ADA@example.com ", "bea@example.com"} {
		before := len(log.String())
		s.browser().Post("/login", url.Values{"email": {typed}, "password": {"x"}})
		digests[typed] = digestIn(t, log.String()[before:], "login failed")
	}
	require.Equal(t, digests["ada@example.com"], digests[" ADA@example.com "])
	require.NotEqual(t, digests["ada@example.com"], digests["bea@example.com"])
	require.Equal(t, models.EmailDigest("ada@example.com"), digests["ada@example.com"])

	b := s.loggedIn("ada@example.com", firefox)
	b.confirm("wrong")
	require.Equal(t, digests["ada@example.com"], digestIn(t, log.String(), "password confirmation failed"))
	require.NotContains(t, strings.ToLower(log.String()), "@example.com")
}

// The lines about a mailed link show whose it is, also without a session.
func TestEvents_MailedLinksCarryADigestOfTheEmail(t *testing.T) {
	log := captureLog(t)
	s := newProductionSite(t)
	const ada = "ada@example.com"
	for _, c := range []struct {
		event, email string
		provoke      func(s *site)
	}{
		{"signup requested", "dora@example.com", securityEvents["signup requested"]},
		{"reset requested", ada, securityEvents["reset requested"]},
		{"password reset", ada, resetPassword},
		{"token refused", ada, func(s *site) {
			resetPassword(s)
			s.browser().Get("/password/reset/" + modelstest.Link(t, ada, models.MailReset))
		}},
		{"change undone", ada, securityEvents["change undone"]},
	} {
		modelstest.Empty(t)
		modelstest.SignUp(t, ada)
		before := len(log.String())
		c.provoke(&site{s.Server, t})
		require.Equal(t, models.EmailDigest(c.email), digestIn(t, log.String()[before:], c.event), c.event)
	}
}

func TestEvents_ARateLimitIsNamed(t *testing.T) {
	log := captureLog(t)
	s := newProductionSite(t)
	s.repeatUntil(429, s.failedLogin)
	s.repeatUntil(429, func() apptest.Response { return s.browser().signUp(rand.Text() + "@example.com") })
	digest := models.EmailDigest("bea@example.com")
	require.Regexp(t, `"event":"rate limited","request_id":"\w+","method":"POST","route":"/login","client":"[^"]*","user_id":"","email_digest":"`+digest+`","limit":"login email"`, log.String())
	require.Regexp(t, `"event":"rate limited",.*"route":"/signup",.*"limit":"signup mail client"`, log.String())
}

// A mail beyond the rate limit of its email is not sent. Only the log says so.
func TestEvents_MailWithheld(t *testing.T) {
	log := captureLog(t)
	s := newProductionSite(t)
	logTo(t, log)
	for _, request := range []func(b *browser, email string) apptest.Response{(*browser).forgot, (*browser).signUp} {
		before := len(log.String())
		for range 3 {
			request(s.browser(), "ada@example.com")
		}
		require.NotContains(t, eventsIn(t, log.String()[before:]), "mail withheld")
		request(s.browser(), "ada@example.com")
		require.Contains(t, eventsIn(t, log.String()[before:]), "mail withheld")
	}
	require.Regexp(t, `"event":"mail withheld","request_id":"\w+","method":"POST","route":"/password/forgot","client":"[^"]*","user_id":"","email_digest":"`+models.EmailDigest("ada@example.com")+`","template":"reset"}`, log.String())
	require.NotContains(t, log.String(), "ada@")
}

func logTo(t *testing.T, log io.Writer) {
	before, flags, output := slog.Default(), stdlog.Flags(), stdlog.Writer()
	t.Cleanup(func() { slog.SetDefault(before); stdlog.SetFlags(flags); stdlog.SetOutput(output) })
	slog.SetDefault(web.AppLogger(web.NewLogger(log, slog.LevelInfo, true)))
}

func digestIn(t *testing.T, log, event string) string {
	t.Helper()
	for text := range strings.Lines(log) {
		var line struct {
			Event  string
			Digest string `json:"email_digest"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		if line.Event == event {
			require.Len(t, line.Digest, 43)
			return line.Digest
		}
	}
	require.Fail(t, "not logged: "+event)
	return ""
}

func eventsIn(t *testing.T, log string) (events []string) {
	t.Helper()
	for text := range strings.Lines(log) {
		var line struct{ Event string }
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		events = append(events, line.Event)
	}
	return events
}

func (s *site) changeSettings(path, field, value string) *browser {
	s.t.Helper()
	b := s.loggedIn("ada@example.com", firefox)
	require.Equal(s.t, 303, b.Put(path, url.Values{field: {value}}).StatusCode)
	return b
}

func (s *site) changeEmail() {
	s.t.Helper()
	b := s.changeSettings("/account/email", "email", "ada@example.net")
	require.Equal(s.t, 303, b.Post("/account/email/confirm/"+modelstest.Link(s.t, "ada@example.net", models.MailEmailConfirm), url.Values{}).StatusCode)
}

// repeatUntil repeats a request until the answer has the status.
func (s *site) repeatUntil(status int, request func() apptest.Response) {
	s.t.Helper()
	for range 20 {
		if request().StatusCode == status {
			return
		}
	}
	require.Fail(s.t, "20 requests, and no "+strconv.Itoa(status))
}

func (s *site) failedLogin() apptest.Response {
	return s.browser().Post("/login", url.Values{"email": {"bea@example.com"}})
}

func failedConfirmations(s *site) {
	b := s.loggedIn("ada@example.com", firefox)
	s.repeatUntil(303, func() apptest.Response {
		models.Clock.Move(time.Minute) // beyond the rate limits
		return b.confirm("wrong")
	})
}

func copiedCookie(s *site) {
	b, attacker := s.loggedIn("ada@example.com", firefox), s.browser()
	attacker.SetCookie("__Host-"+sessionCookieName, b.sessionCookie())
	b.logOut()
	attacker.Get("/")
}

func completeSignup(s *site) {
	b := s.browser()
	b.signUp("dora@example.com")
	b.Get("/signup/" + modelstest.Link(s.t, "dora@example.com", models.MailSignup))
	b.choosePassword(modelstest.Password)
}

func resetPassword(s *site) {
	b := s.browser()
	b.forgot("ada@example.com")
	b.Get("/password/reset/" + modelstest.Link(s.t, "ada@example.com", models.MailReset))
	b.Post("/password/reset", url.Values{"_method": {"PUT"}, "password": {"an entirely new set of words"}})
}
