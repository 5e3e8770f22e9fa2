package actions_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

// securityEvents is how each event comes about. A line of the log must have it
// and nothing else that is not expected of every request.
var securityEvents = map[string]func(s *site){
	"login succeeded": func(s *site) { s.signedIn("ada@example.com", firefox) },
	"login failed":    func(s *site) { s.browser().post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}}) },
	"throttled": func(s *site) {
		for b := s.browser(); b.post("/login", url.Values{"email": {"bea@example.com"}}).StatusCode != 429; {
		}
	},
	"logout":               func(s *site) { s.signedIn("ada@example.com", firefox).logOut() },
	"guard refused":        func(s *site) { s.browser().get("/account") },
	"foreign id refused":   func(s *site) { s.signedIn("ada@example.com", firefox).post(s.bobsDevice(), endIt) },
	"cross-origin refused": func(s *site) { s.with("Sec-Fetch-Site", "cross-site").post("/login", url.Values{"a": {"b"}}) },
	"host refused":         func(s *site) { s.ask("GET", "evil.example", "https", "") },
	"clear text refused":   func(s *site) { s.ask("POST", "127.0.0.1", "http", "email=x") },
	"body refused":         func(s *site) { s.browser().post("/login", url.Values{"email": {strings.Repeat("x", 99999)}}) },
	"cookie refused":       func(s *site) { b := s.browser(); b.setCookie("__Host-corral", "forged"); b.get("/welcome") },
	"session refused":      copiedCookie,
	"token refused":        func(s *site) { s.browser().get("/password/reset/x") },
	"session ended": func(s *site) {
		ada := s.signedIn("ada@example.com", firefox)
		ada.post(s.devicePath("ada@example.com", ada), endIt)
	},
	"other sessions ended": func(s *site) { s.signedIn("ada@example.com", firefox).post("/account/sessions", endIt) },
	"signup requested":     func(s *site) { s.browser().signUp("dora@example.com") },
	"account created":      completeSignup,
	"reset requested":      func(s *site) { s.browser().forgot("ada@example.com") },
	"password reset":       resetPassword,
	"password changed":     func(s *site) { s.settings("/account/password", "password", "an entirely new set of words") },
	"password confirmation failed": func(s *site) {
		s.signedIn("ada@example.com", firefox).post("/account", url.Values{"_method": {"DELETE"}})
	},
	"email change requested": func(s *site) { s.settings("/account/email", "email", "ada@example.net") },
	"email changed":          func(s *site) { s.changeEmail() },
	"email change undone": func(s *site) {
		s.changeEmail()
		s.browser().post("/account/email/undo/"+modelstest.Link(s.t, "ada@example.com", models.MailEmailChanged), url.Values{})
	},
	"account deleted": func(s *site) { s.signedIn("ada@example.com", firefox).post("/account", confirmed("DELETE")) },
	"panic":           func(s *site) { s.signedIn("ada@example.com", firefox).get("/panic") },
	"error":           func(s *site) { s.withoutDatabase("/password/reset/x") },
}

func TestEvents_EachIsLogged(t *testing.T) {
	for event, provoke := range securityEvents {
		t.Run(event, func(t *testing.T) {
			modelstest.Empty(t)
			log := actions.CaptureLog(t)
			s := behindProxy(t)
			modelstest.SignUp(t, "ada@example.com")
			modelstest.SignUp(t, "bob@example.com")
			require.NotContains(t, eventsIn(t, log), event)
			provoke(s)
			s.Close()
			require.Contains(t, eventsIn(t, log), event)
		})
	}
}

// Every event that the code names is provoked here, and stands in the
// inventory of docs/security.md.
func TestEvents_AllAreKnown(t *testing.T) {
	inventory, err := os.ReadFile("../docs/security.md")
	require.NoError(t, err)
	named := regexp.MustCompile(`\.Event\("([^"]+)"\)`)
	found := map[string]bool{"panic": true, "error": true}
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range named.FindAllStringSubmatch(string(source), -1) {
			found[match[1]] = true
		}
		return err
	}))
	require.ElementsMatch(t, slices.Collect(maps.Keys(found)), slices.Collect(maps.Keys(securityEvents)))
	for event := range securityEvents {
		require.Contains(t, string(inventory), "| `"+event+"` |")
	}
}

func eventsIn(t *testing.T, log *actions.LogBuffer) (events []string) {
	t.Helper()
	for text := range strings.Lines(log.String()) {
		var line struct{ Event string }
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		events = append(events, line.Event)
	}
	return events
}

// behindProxy starts the app as production does behind a proxy that ends TLS,
// with a route that panics.
func behindProxy(t *testing.T) *site {
	t.Helper()
	c := testConfig(t, func(c *config.Config) {
		c.Env = config.Production
		c.Host, _ = url.Parse("https://127.0.0.1")
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	app := actions.New(c)
	app.GET("/panic", func(buffalo.Context) error { panic("provoked") })
	server := httptest.NewUnstartedServer(actions.Edge(app, c, nil))
	server.Config.DisableGeneralOptionsHandler = true // as edge.Listen does
	server.Start()
	t.Cleanup(server.Close)
	server.URL = c.Host.String()
	server.Client().Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, "http", server.Listener.Addr().String()
		r.Header.Set("X-Forwarded-Proto", "https")
		return http.DefaultTransport.RoundTrip(r)
	})
	return &site{server, t}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// ask sends what no browser of these tests sends by itself.
func (s *site) ask(method, host, scheme, body string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, "http://"+s.Listener.Addr().String()+"/login", strings.NewReader(body))
	require.NoError(s.t, err)
	req.Host = host
	req.Header.Set("X-Forwarded-Proto", scheme)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	return answer{Response: res}
}

func (s *site) with(name, value string) *browser {
	b := s.browser()
	b.header.Set(name, value)
	return b
}

// confirmed is a form of the settings with the password in it.
func confirmed(method string) url.Values {
	return url.Values{"_method": {method}, "current_password": {modelstest.Password}}
}

func (s *site) settings(path, field, value string) *browser {
	s.t.Helper()
	b := s.signedIn("ada@example.com", firefox)
	form := confirmed("PUT")
	form.Set(field, value)
	require.Equal(s.t, 303, b.post(path, form).StatusCode)
	return b
}

func (s *site) changeEmail() {
	s.t.Helper()
	b := s.settings("/account/email", "email", "ada@example.net")
	require.Equal(s.t, 303, b.post("/account/email/confirm/"+modelstest.Link(s.t, "ada@example.net", models.MailEmailConfirm), url.Values{}).StatusCode)
}

func (s *site) bobsDevice() (path string) {
	return endPath(s.t, s.signedIn("bob@example.com", safari).devices()[0])
}

// devicePath is the path of a session of a person, other than that of b.
func (s *site) devicePath(email string, b *browser) string {
	s.signedIn(email, safari)
	for _, line := range b.devices() {
		if !strings.Contains(line, "This device") {
			return endPath(s.t, line)
		}
	}
	require.Fail(s.t, "no other device")
	return ""
}

func copiedCookie(s *site) {
	b, thief := s.signedIn("ada@example.com", firefox), s.browser()
	thief.setCookie("__Host-corral", b.cookie())
	b.logOut()
	thief.get("/")
}

func completeSignup(s *site) {
	b := s.browser()
	b.signUp("dora@example.com")
	b.get("/signup/" + modelstest.Link(s.t, "dora@example.com", models.MailSignup))
	b.post("/signup/password", url.Values{"password": {modelstest.Password}})
}

func resetPassword(s *site) {
	b := s.browser()
	b.forgot("ada@example.com")
	b.get("/password/reset/" + modelstest.Link(s.t, "ada@example.com", models.MailReset))
	b.post("/password/reset", url.Values{"_method": {"PUT"}, "password": {"an entirely new set of words"}})
}
