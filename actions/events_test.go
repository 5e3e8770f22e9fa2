package actions

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// securityEvents provokes each event.
var securityEvents = map[string]func(s *site){
	"login succeeded": func(s *site) { s.loggedIn("ada@example.com", firefox) },
	"login failed":    func(s *site) { s.browser().Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}}) },
	"rate limited": func(s *site) {
		for b := s.browser(); b.Post("/login", url.Values{"email": {"bea@example.com"}}).StatusCode != 429; {
		}
	},
	"logout":                               func(s *site) { s.loggedIn("ada@example.com", firefox).logOut() },
	"guard refused":                        func(s *site) { s.browser().Get("/account") },
	"cross-origin refused":                 func(s *site) { s.with("Sec-Fetch-Site", "cross-site").Post("/login", url.Values{"a": {"b"}}) },
	"host refused":                         func(s *site) { s.ask("GET", "evil.example", "https", "") },
	"clear text refused":                   func(s *site) { s.ask("POST", "127.0.0.1", "http", "email=x") },
	"the proxy sends no X-Forwarded-Proto": func(s *site) { s.ask("GET", "127.0.0.1", "", "") },
	"body refused":                         func(s *site) { s.browser().Post("/login", url.Values{"email": {strings.Repeat("x", 1<<20)}}) },
	"cookie refused":                       func(s *site) { b := s.browser(); b.SetCookie("__Host-corral", "forged"); b.Get("/welcome") },
	"session refused":                      copiedCookie,
	"token refused":                        func(s *site) { s.browser().Get("/password/reset/x") },
	"signup requested":                     func(s *site) { s.browser().signUp("dora@example.com") },
	"account created":                      completeSignup,
	"reset requested":                      func(s *site) { s.browser().forgot("ada@example.com") },
	"password reset":                       resetPassword,
	"password changed":                     func(s *site) { s.changeSettings("/account/password", "password", "an entirely new set of words") },
	"client IP unknown":                    func(s *site) { behindProxy(s.t).browser().Get("/welcome") }, // without X-Forwarded-For
	"password confirmation failed": func(s *site) {
		s.loggedIn("ada@example.com", firefox).Post("/account", url.Values{"_method": {"DELETE"}})
	},
	"email change requested": func(s *site) { s.changeSettings("/account/email", "email", "ada@example.net") },
	"email changed":          func(s *site) { s.changeEmail() },
	"email change undone": func(s *site) {
		s.changeEmail()
		s.browser().Post("/account/email/undo/"+modelstest.Link(s.t, "ada@example.com", models.MailEmailChanged), url.Values{})
	},
	"account deleted": func(s *site) { s.loggedIn("ada@example.com", firefox).Post("/account", confirmed("DELETE")) },
	"panic":           func(s *site) { s.loggedIn("ada@example.com", firefox).Get("/panic") },
	"error":           func(s *site) { s.withoutDatabase("/password/reset/x") },
}

func TestEvents_AreLogged(t *testing.T) { requireEvents(t, securityEvents) }

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
	form := confirmed("PUT")
	form.Set(field, value)
	require.Equal(s.t, 303, b.Post(path, form).StatusCode)
	return b
}

func (s *site) changeEmail() {
	s.t.Helper()
	b := s.changeSettings("/account/email", "email", "ada@example.net")
	require.Equal(s.t, 303, b.Post("/account/email/confirm/"+modelstest.Link(s.t, "ada@example.net", models.MailEmailConfirm), url.Values{}).StatusCode)
}

func copiedCookie(s *site) {
	b, thief := s.loggedIn("ada@example.com", firefox), s.browser()
	thief.SetCookie("__Host-corral", b.sessionCookie())
	b.logOut()
	thief.Get("/")
}

func completeSignup(s *site) {
	b := s.browser()
	b.signUp("dora@example.com")
	b.Get("/signup/" + modelstest.Link(s.t, "dora@example.com", models.MailSignup))
	b.Post("/signup/password", url.Values{"password": {modelstest.Password}})
}

func resetPassword(s *site) {
	b := s.browser()
	b.forgot("ada@example.com")
	b.Get("/password/reset/" + modelstest.Link(s.t, "ada@example.com", models.MailReset))
	b.Post("/password/reset", url.Values{"_method": {"PUT"}, "password": {"an entirely new set of words"}})
}
