package actions

import (
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/totp"
	"corral/models"
	"corral/models/modelstest"
)

// offeredKey returns the key that the page shows as text.
func (b *browser) offeredKey() []byte {
	b.site.t.Helper()
	a := b.Get("/account/security/totp")
	require.Equal(b.site.t, 200, a.StatusCode)
	return keyIn(b.site.t, a.Page)
}

func keyIn(t testing.TB, page string) []byte {
	t.Helper()
	_, text, _ := strings.Cut(page, `id="totp-key"`)
	_, text, _ = strings.Cut(text, ">")
	text, _, _ = strings.Cut(text, "</code>")
	key, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	require.Len(t, key, 20)
	return key
}

// setTOTP sets a TOTP key through the pages.
func (b *browser) setTOTP() (key []byte) {
	b.site.t.Helper()
	key = b.offeredKey()
	a := b.Post("/account/security/totp", url.Values{"code": {totp.Code(key, models.Clock.Now())}})
	require.Equal(b.site.t, "/account/security/recovery-codes", a.Location())
	return key
}

func init() { morePages = append(morePages, (*browser).codePages) }

// codePages sets TOTP and returns the pages about codes.
func (b *browser) codePages() map[string]apptest.Response {
	b.site.t.Helper()
	pages := map[string]apptest.Response{
		"recovery codes off": b.Get("/account/security/recovery-codes"),
		"totp":               b.Get("/account/security/totp"), "totp refused": b.Post("/account/security/totp", url.Values{"code": {"x"}}),
	}
	b.setTOTP()
	pages["recovery codes"] = b.Get("/account/security/recovery-codes") // which shows new codes once
	pages["recovery codes left"] = b.Get("/account/security/recovery-codes")
	pages["security with codes"] = b.Get("/account/security")
	return pages
}

// The picture shows the key of the page, whichever the client requests first.
func TestAccountSecurityTOTP_ImageFirst(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	image := b.Get("/account/security/totp.svg").Page
	svg, err := totp.SVG(totp.URI(b.offeredKey(), in("en-US", "app.name"), "ada@example.com"))
	require.NoError(t, err)
	require.Equal(t, string(svg), image)
}

func TestAccountSecurityTOTP_SetWithACodeOfTheOfferedKey(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	key := b.offeredKey()
	image := b.Get("/account/security/totp.svg")
	require.Equal(t, 200, image.StatusCode)
	require.Equal(t, "image/svg+xml", image.Header.Get("Content-Type"))
	require.Equal(t, "no-store", image.Header.Get("Cache-Control"))
	svg, err := totp.SVG(totp.URI(key, in("en-US", "app.name"), "ada@example.com"))
	require.NoError(t, err)
	require.Equal(t, string(svg), image.Page)
	require.Equal(t, key, b.offeredKey(), "the user may have scanned it")

	a := b.Post("/account/security/totp", url.Values{"code": {modelstest.WrongCode(key)}})
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, `id="code-error" role="alert">That code is not valid.`)
	require.Equal(t, key, keyIn(t, a.Page))
	code := totp.Code(key, models.Clock.Now())
	a = b.Post("/account/security/totp", url.Values{"code": {code[:3] + " " + code[3:]}})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/security/recovery-codes", a.Location())
	require.Equal(t, []string{"The authenticator app was added."}, apptest.Flashes(b.Get(a.Location()).Page))
	require.Equal(t, []string{"totp_added"}, modelstest.Mails(t, "ada@example.com"))

	for _, path := range []string{"/account/security/totp", "/account/security/totp.svg"} {
		require.Equal(t, 404, b.Get(path).StatusCode, path)
	}
	a = b.Post("/account/security/totp", url.Values{"code": {code}})
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, `role="alert" tabindex="-1" autofocus>This account has an authenticator app already.`)
	other := s.browser()
	require.Equal(t, "/login/second", other.logIn("ada@example.com").Location())
	require.Equal(t, 422, other.Post("/login/second", url.Values{"code": {code}}).StatusCode, "used by the enrolment")
	require.Equal(t, "/", other.Post("/login/second", url.Values{"code": {modelstest.NextCode(key)}}).Location())
}

// A key is offered to one session, neither to another browser nor to the next user of this
// browser.
func TestAccountSecurityTOTP_KeyIsOfTheSession(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	b, other := s.loggedIn("ada@example.com", firefox), s.loggedIn("ada@example.com", safari)
	key := b.offeredKey()
	require.NotEqual(t, key, other.offeredKey())
	a := other.Post("/account/security/totp", url.Values{"code": {totp.Code(key, models.Clock.Now())}})
	require.Equal(t, 422, a.StatusCode)
	b.logIn("bob@example.com")
	require.NotEqual(t, key, b.offeredKey())
	fresh := s.loggedIn("bob@example.com", safari)
	require.Equal(t, 422, fresh.Post("/account/security/totp", url.Values{"code": {"000000"}}).StatusCode, "no key was offered")
}

// Prevents an attacker at an open session from knowing the TOTP key: the next confirmation
// voids the key that was offered.
func TestAccountSecurityTOTP_KeyEndsWithTheConfirmation(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	key := b.offeredKey()
	models.Clock.Move(10 * time.Minute) // the confirmation expires
	require.Equal(t, "/sudo?next=%2Faccount%2Fsecurity%2Ftotp", b.Get("/account/security/totp").Location())
	b.confirm(modelstest.Password)
	fresh := b.offeredKey()
	require.NotEqual(t, key, fresh)
	require.Equal(t, fresh, b.offeredKey())
	a := b.Post("/account/security/totp", url.Values{"code": {totp.Code(key, models.Clock.Now())}})
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, "this is a new one: scan it again.")
}

// An attacker at an open session sees neither the key nor codes.
func TestAccountSecurityTOTP_SecretsAreShownToConfirmedUsers(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.confirmedTenMinutesAgo("ada@example.com")
	for _, path := range []string{"/account/security/totp", "/account/security/totp.svg", "/account/security/recovery-codes"} {
		require.Equal(t, "/sudo", b.Get(path).LocationPath(), path)
	}
}

func TestAccountSecurityTOTP_RemovedUnlessItIsTheLast(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	require.Equal(t, 404, b.Delete("/account/security/totp", nil).StatusCode)
	key := b.setTOTP()
	require.NotContains(t, b.Get("/account/security").Page, "Remove the app")
	a := b.Delete("/account/security/totp", nil)
	require.Equal(t, 422, a.StatusCode)
	require.Contains(t, a.Page, `role="alert" tabindex="-1" autofocus>The second step at login needs it.`)
	s.addPasskey("ada@example.com")
	require.Contains(t, b.Get("/account/security").Page, "Remove the app")
	a = b.Delete("/account/security/totp", nil)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/security", a.Location())
	require.Equal(t, []string{"The authenticator app was removed. Its codes no longer work."}, apptest.Flashes(b.Get("/account/security").Page))
	require.NotEqual(t, key, b.offeredKey(), "a new key is offered")
}

func TestAccountSecurityTOTP_JSON(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	key := b.offeredKey()
	b.Header.Set("Accept", "application/json")
	a := b.Post("/account/security/totp", url.Values{"code": {modelstest.WrongCode(key)}})
	require.Equal(t, 422, a.StatusCode)
	require.JSONEq(t, `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"That code is not valid.","errors":{"code":["That code is not valid."]}}`, a.Page)
	require.Equal(t, 303, b.Post("/account/security/totp", url.Values{"code": {totp.Code(key, models.Clock.Now())}}).StatusCode)
	require.Equal(t, 422, b.Delete("/account/security/totp", nil).StatusCode)
}

// Of several concurrent requests, one sets the key. The others are refused or redirected.
func TestAccountSecurityTOTP_OneOfConcurrentRequestsSetsTheKey(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	code := url.Values{"code": {totp.Code(b.offeredKey(), models.Clock.Now())}}
	answers := make([]string, 4)
	var all sync.WaitGroup
	for i := range answers {
		tab := s.browser()
		tab.SetCookie(sessionCookieName, b.sessionCookie())
		all.Go(func() {
			a := tab.Post("/account/security/totp", code)
			answers[i] = fmt.Sprint(a.StatusCode, a.Location())
		})
	}
	all.Wait()
	set := 0
	for _, a := range answers {
		switch a {
		case "303/account/security/recovery-codes":
			set++
		case "422": // the account has a TOTP key
		default:
			require.Equal(t, "303/account/security", a)
		}
	}
	require.Equal(t, 1, set)
}

// Whatever a client sends, the form must not cause a server error.
func TestAccountSecurityTOTP_HostileCodes(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	for _, code := range []string{"", "\x00", "\xff", "-1", "1e5", "٠٠٠", strings.Repeat("1", 60000), "{{.}}", "<%= 1 %>"} {
		require.Equal(t, 422, b.Post("/account/security/totp", url.Values{"code": {code}}).StatusCode, "%.20q", code)
	}
}

func TestAccountSecurityTOTP_Events(t *testing.T) {
	loggedIn := func(s *site) *browser { return s.loggedIn("ada@example.com", firefox) }
	turn := func(b *browser, on string) { b.Put("/account/security/second-step", url.Values{"on": {on}}) }
	requireEvents(t, map[string]func(s *site){
		"totp added": func(s *site) { loggedIn(s).setTOTP() },
		"totp removed": func(s *site) {
			s.addPasskey("ada@example.com")
			b := loggedIn(s)
			b.setTOTP()
			b.Delete("/account/security/totp", nil)
		},
		"recovery codes made": func(s *site) {
			b := loggedIn(s)
			b.setTOTP()
			b.Post("/account/security/recovery-codes", nil)
		},
		"second step turned on":  func(s *site) { s.addPasskey("ada@example.com"); turn(loggedIn(s), "true") },
		"second step turned off": func(s *site) { b := loggedIn(s); b.setTOTP(); turn(b, "false") },
	})
}

func TestAccountSecurityTOTP_Autocomplete(t *testing.T) {
	var found []string
	for _, field := range parsePage(t, everyPage(t, "en-US")["totp"].Page).all("input") {
		if field["type"] != "hidden" {
			found = append(found, field["autocomplete"])
		}
	}
	require.Equal(t, []string{"one-time-code"}, found)
}

// Another tab adds a factor between the guard and the change. The session goes on, and the
// client is told that nothing was done.
func TestSudo_FactorAddedMeanwhile(t *testing.T) {
	s := newSite(t)
	app.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			if c.Request().Method == "DELETE" {
				modelstest.SetTOTP(t, currentUser(c).Email)
			}
			return next(c)
		}
	})
	loggedIn := func(email string) *browser {
		modelstest.SignUp(t, email)
		b := s.loggedIn(email, firefox)
		b.Get("/") // shows the flash message
		return b
	}
	const said = "That was not done: your account was changed meanwhile. Please try again."
	b := loggedIn("ada@example.com")
	a := b.Delete("/account", nil)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/security", a.Location())
	a = b.Get(a.Location())
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, []string{said}, apptest.Flashes(a.Page))

	b = loggedIn("bob@example.com")
	a = b.SendJSON("DELETE", "/account", "{}")
	require.Equal(t, 409, a.StatusCode)
	require.JSONEq(t, `{"type": "about:blank", "title": "Conflict", "status": 409, "detail": "`+said+`"}`, a.Page)
	require.Empty(t, apptest.Flashes(b.Get("/account/security").Page))

	b = loggedIn("cleo@example.com")
	b.Header.Set("Sec-Fetch-Mode", "cors")
	require.Equal(t, 409, b.Delete("/account", nil).StatusCode)
}
