package actions

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/i18n"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

// anotherLanguage returns a shipped language that is not the default, or the default if
// there is no other.
func anotherLanguage() string {
	names := T.Names()
	return names[min(1, len(names)-1)]
}

func in(language, key string) string { return T.In(language)(key) }

func chosen(language string) url.Values {
	return url.Values{"_method": {"PUT"}, "language": {language}}
}

// The choice also applies to pages that package web answers from memory.
func TestLanguage_ChosenByAnyClient(t *testing.T) {
	s, other := newSite(t), anotherLanguage()
	b := s.browser()
	require.Contains(t, b.Get("/login").Page, `<html lang="en-US" dir="ltr">`)
	a := b.Post("/language", chosen(other))
	require.Equal(t, 303, a.StatusCode)
	require.Len(t, a.Cookies(), 1, "no session")
	require.Equal(t, other, cookieNamed(t, a, "corral-lang").Value)
	for _, path := range []string{"/login", "/welcome", "/nothing", "/assets/nothing", "//nothing"} {
		require.Contains(t, b.Get(path).Page, `<html lang="`+other+`"`, path)
	}
	require.Contains(t, b.Get("/login").Page, in(other, "login.heading"))
	rows, err := models.DB.Count("sessions")
	require.NoError(t, err)
	require.Zero(t, rows)
}

func TestLanguage_CookieAttributes(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...func(*config.Config)) *site{
		"corral-lang": newSite, "__Host-corral-lang": newProductionSite,
	} {
		b := start(t).browser()
		c := cookieNamed(t, b.Post("/language", chosen(anotherLanguage())), name)
		require.Equal(t, anotherLanguage(), c.Value, "the language and nothing else")
		require.Equal(t, name != "corral-lang", c.Secure)
		require.True(t, c.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, "/", c.Path)
		require.Empty(t, c.Domain)
		require.Equal(t, 365*24*3600, c.MaxAge)
		for _, path := range []string{"/login", "/nothing"} {
			require.Contains(t, b.Get(path).Page, `<html lang="`+anotherLanguage()+`"`, path)
		}
	}
}

func TestLanguage_CookieSurvivesLoginAndLogout(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.Post("/language", chosen(anotherLanguage()))
	b.logIn("ada@example.com")
	b.Post("/logout", url.Values{"_method": {"DELETE"}})
	require.Contains(t, b.Get("/login").Page, `<html lang="`+anotherLanguage()+`"`)
}

// Another host of the domain may have set a cookie without the __Host- prefix.
func TestLanguage_ProductionReadsItsOwnCookieOnly(t *testing.T) {
	b := newProductionSite(t).browser()
	b.SetCookie("corral-lang", anotherLanguage())
	require.Contains(t, b.Get("/login").Page, `<html lang="en-US"`)
}

func TestLanguage_JSON(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for _, path := range []string{"/language", "/account/language"} {
		for _, language := range []string{anotherLanguage(), "en-US"} {
			require.Equal(t, 303, b.SendJSON("PUT", path, `{"language":"`+language+`"}`).StatusCode, path)
			require.Contains(t, b.Get("/").Page, `<html lang="`+language+`"`, path)
		}
	}
}

func TestLanguage_Unknown(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for _, name := range []string{"", "xx", "en", "../de", "de\r\nSet-Cookie: x=y", "\x00"} {
		for _, path := range []string{"/language", "/account/language"} {
			if name == "" && path == "/account/language" {
				continue // this option follows the browser
			}
			a := b.Post(path, chosen(name))
			require.Equal(t, 422, a.StatusCode, "%s %q", path, name)
			require.Empty(t, a.Cookies())
		}
	}
	require.Equal(t, 422, b.Put("/account/language", url.Values{}).StatusCode, "the field is missing")
	require.Equal(t, 422, b.SendJSON("PUT", "/account/language", "{}").StatusCode, "the field is missing")
	b.SetCookie("corral-lang", "xx")
	require.Contains(t, b.Get("/").Page, `<html lang="en-US"`, "an unknown language in the cookie is ignored")
}

// The browser is redirected to the page of the Referer or, if that only takes forms, to its
// nearest parent with a page. An invalid Referer, or that of another site, leads to /welcome.
func TestLanguage_RedirectsBack(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	long := "/account?q=" + strings.Repeat("%E6", 90)
	for referer, want := range map[string]string{
		s.URL + "/login": "/login", s.URL + "/login/": "/login", s.URL + "/login?x=1#y": "/login?x=1", s.URL + "/account/activity?before=x&page=2": "/account/activity?before=x&page=2", s.URL + "/password/forgot": "/password/forgot",
		s.URL + "/": "/", s.URL + "/nothing": "/nothing",
		s.URL + "/account/password": "/account/security", s.URL + "/account/email": "/account", s.URL + "/language": "/", s.URL + "/account/security/links/x": "/account/security",
		s.URL + "//evil.example": "/welcome", s.URL + `/\evil.example`: "/welcome", s.URL + "/%0d%0aX: y": "/welcome", s.URL + "/../x": "/welcome",
		s.URL + "/auth/oidc": "/welcome", s.URL + "/%61uth/oidc": "/welcome", s.URL + "/account/security/providers/oidc": "/account/security", s.URL + "/sudo/oidc": "/welcome",
		s.URL + web.WithNext("/login", long): web.WithNext("/login", long), s.URL + "/sudo?next=/account": "/sudo?next=%2Faccount", s.URL + "/auth/link/x": "/auth/link/x",
		"https://evil.example/login": "/welcome", "https://evil.example//evil": "/welcome", "https://evil.example": "/welcome", "javascript:alert(1)": "/welcome",
		"/login": "/welcome", "login": "/welcome", "%": "/welcome", "": "/welcome",
	} {
		b.Header.Set("Referer", referer)
		a := b.Post("/language", chosen("en-US"))
		require.Equal(t, 303, a.StatusCode, referer)
		require.Equal(t, want, a.Location(), referer)
	}
}

// The address of a refused form has no query: its page keeps next in the forms.
func TestLanguage_KeepsNextAfterARefusedForm(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	page := b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}, "next": {"/account/sessions"}}).Page
	_, footer, _ := strings.Cut(page, `action="/language"`)
	require.Contains(t, footer, `name="next" value="/account/sessions"`)
	b.Header.Set("Referer", s.URL+"/login")
	form := chosen("de")
	form.Set("next", "/account/sessions")
	require.Equal(t, "/login?next=%2Faccount%2Fsessions", b.Post("/language", form).Location())
	form.Set("next", "https://evil.example")
	require.Equal(t, "/login", b.Post("/language", form).Location())
}

func TestLanguage_ChooserOnEveryPage(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	requireChooser := func(page string) {
		t.Helper()
		require.Contains(t, page, `<form action="/language" method="post">`)
		require.Contains(t, page, `<option value="en-US" lang="en-US" selected>English</option>`)
		require.NotContains(t, page, "next=x", "the chooser does not repeat the query")
	}
	for _, path := range []string{"/welcome", "/login", "/nothing"} {
		requireChooser(b.Get(path + "?next=x").Page)
	}
	b.logIn("ada@example.com")
	requireChooser(b.Get("/account?next=x").Page)
	requireChooser(b.Put("/account/password?next=x", url.Values{}).Page)
	app.GET("/test/translated", func(c buffalo.Context) error {
		c.Set("languages", []string{language(c), "en-US"}) // for translated templates
		return renderPage(c, "welcome.title", "welcome/show.plush.html")
	})
	requireChooser(b.Get("/test/translated").Page)
}

func TestAccountLanguage_OverridesTheCookie(t *testing.T) {
	s, other := newSite(t), anotherLanguage()
	ada := modelstest.SignUp(t, "ada@example.com")
	b, second := s.browser(), s.browser()
	b.logIn("ada@example.com")
	require.Contains(t, b.Get("/account").Page, `<option value="">`)
	a := b.Put("/account/language", url.Values{"language": {other}})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account", a.Location())
	require.Equal(t, []string{in(other, "account.language_saved")}, apptest.Flashes(b.Get("/account").Page), "in the new language")
	require.Contains(t, b.Get("/nothing").Page, `<html lang="`+other+`"`, "error pages, too")

	second.SetCookie("corral-lang", "en-US")
	second.Header.Set("Accept-Language", "en")
	second.logIn("ada@example.com")
	page := second.Get("/").Page
	require.Contains(t, page, `<html lang="`+other+`"`)
	require.Equal(t, []string{in(other, "login.done")}, apptest.Flashes(page), "the message is stored as a key")
	require.Contains(t, second.Get("/account").Page, `<html lang="`+other+`"`)

	require.NoError(t, models.DB.Reload(ada))
	require.Equal(t, other, ada.Language)
	b.Put("/account/language", url.Values{"language": {""}})
	require.NoError(t, models.DB.Reload(ada))
	require.Empty(t, ada.Language)
	require.Contains(t, b.Get("/").Page, `<html lang="en-US"`, "the default again")
	require.Contains(t, b.Get("/nothing").Page, `<html lang="en-US"`)
	require.Contains(t, second.Get("/").Page, `<html lang="en-US"`)
}

func TestAccountLanguage_FollowsTheChooser(t *testing.T) {
	s, other := newSite(t), anotherLanguage()
	ada := modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	b.Post("/language", chosen(other))
	require.Contains(t, b.Get("/").Page, `<html lang="`+other+`"`)
	require.NoError(t, models.DB.Reload(ada))
	require.Empty(t, ada.Language, "the chooser applies to this browser only")

	require.NoError(t, ada.ChooseLanguage(t.Context(), "en-US"))
	b.Post("/language", chosen(other))
	require.Contains(t, b.Get("/").Page, `<html lang="`+other+`"`)
	require.NoError(t, models.DB.Reload(ada))
	require.Equal(t, other, ada.Language)
}

// The cookie has the choice.
func TestLanguage_SessionEndedMeanwhile(t *testing.T) {
	s, other := newSite(t), anotherLanguage()
	ada := modelstest.SignUp(t, "ada@example.com")
	require.NoError(t, ada.ChooseLanguage(t.Context(), "en-US"))
	b := s.loggedIn("ada@example.com", firefox)
	b.Header.Set("Referer", s.URL+"/welcome")
	endSessionsAt(t, "/language", ada)
	require.Equal(t, "/welcome", b.Put("/language", chosen(other)).Location())
	require.Contains(t, b.Get("/welcome").Page, `<html lang="`+other+`"`)
}

func TestAccountLanguage_AppliesToMails(t *testing.T) {
	s, other := newSite(t), anotherLanguage()
	ada := modelstest.SignUp(t, "ada@example.com")
	require.NoError(t, ada.ChooseLanguage(t.Context(), other))
	b := s.browser()
	b.Post("/password/forgot", url.Values{"email": {"ada@example.com"}})
	b.logIn("ada@example.com")
	b.Put("/account/password", url.Values{"password": {newPassword}})
	require.Equal(t, map[string]string{models.MailReset: other, models.MailPasswordChanged: other}, mailLanguages(t))
}

func TestAccountLanguage_MailsUseThePagesLanguageIfUnset(t *testing.T) {
	s, other := newSite(t), anotherLanguage()
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.Header.Set("Accept-Language", other)
	b.Post("/password/forgot", url.Values{"email": {"ada@example.com"}})
	b.logIn("ada@example.com")
	b.Put("/account/password", url.Values{"password": {newPassword}})
	require.Equal(t, map[string]string{models.MailReset: other, models.MailPasswordChanged: other}, mailLanguages(t))
}

func mailLanguages(t *testing.T) map[string]string {
	t.Helper()
	mails, err := models.Outbox.Newest(t.Context(), models.DB)
	require.NoError(t, err)
	languages := map[string]string{}
	for i := range mails {
		require.NoError(t, models.ResolveMail(t.Context(), &mails[i]))
		languages[mails[i].Template] = mails[i].Language
	}
	return languages
}

func TestRateLimit_LongWaitInMinutes(t *testing.T) {
	newSite(t)
	english := T.In("en-US")
	for seconds, want := range map[int]string{1: "1 second", 2: "2 seconds", 90: "90 seconds", 91: "2 minutes", 900: "15 minutes", 3600: "60 minutes"} {
		require.Contains(t, i18n.FormatWait(english, seconds), "Please wait "+want+", then", seconds)
	}
}
