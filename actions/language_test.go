package actions_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/models"
	"corral/models/modelstest"
)

// second is a shipped language that is not the default.
func second(t *testing.T) string {
	t.Helper()
	names := actions.Texts.Names()
	if len(names) < 2 {
		t.Fatal("one language is shipped")
	}
	return names[1]
}

// in is a text as a page shows it.
func in(language, key string) string { return actions.Texts.In(language)(key) }

func chosen(language string) url.Values {
	return url.Values{"_method": {"PUT"}, "language": {language}}
}

// Anyone chooses a language, and every page from then on speaks it: also those
// that the app has no part in.
func TestLanguage_Update(t *testing.T) {
	s, other := newSite(t), second(t)
	b := s.browser()
	require.Contains(t, b.get("/login").page, `<html lang="en-US" dir="ltr">`)
	a := b.post("/language", chosen(other))
	require.Equal(t, 303, a.StatusCode)
	require.Len(t, a.Cookies(), 1, "no session")
	require.Equal(t, other, cookieNamed(t, a, "lang").Value)
	for _, path := range []string{"/login", "/welcome", "/nothing", "/assets/nothing", "//nothing"} {
		require.Contains(t, b.get(path).page, `<html lang="`+other+`"`, path)
	}
	require.Contains(t, b.get("/login").page, in(other, "login.heading"))
	rows, err := models.DB.Count("sessions")
	require.NoError(t, err)
	require.Zero(t, rows)
}

func TestLanguage_CookieAttributes(t *testing.T) {
	for name, s := range map[string]*site{"lang": newSite(t), "__Host-corral-lang": newProductionSite(t)} {
		b := s.browser()
		c := cookieNamed(t, b.post("/language", chosen(second(t))), name)
		require.Equal(t, second(t), c.Value, "the language and nothing else")
		require.Equal(t, name != "lang", c.Secure)
		require.True(t, c.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, "/", c.Path)
		require.Empty(t, c.Domain)
		require.Equal(t, 365*24*3600, c.MaxAge)
		for _, path := range []string{"/login", "/nothing"} {
			require.Contains(t, b.get(path).page, `<html lang="`+second(t)+`"`, path)
		}
	}
}

// In production a cookie that a neighbour under the same domain may have set is not read.
func TestLanguage_ProductionReadsItsOwnCookieOnly(t *testing.T) {
	b := newProductionSite(t).browser()
	b.setCookie("lang", second(t))
	require.Contains(t, b.get("/login").page, `<html lang="en-US"`)
}

func TestLanguage_Unknown(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	for _, name := range []string{"", "xx", "en", "../de", "de\r\nSet-Cookie: x=y", "\x00"} {
		for _, path := range []string{"/language", "/account/language"} {
			if name == "" && path == "/account/language" {
				continue // follows the browser
			}
			a := b.post(path, chosen(name))
			require.Equal(t, 422, a.StatusCode, "%s %q", path, name)
			require.Empty(t, a.Cookies())
		}
	}
	require.Equal(t, 422, b.put("/account/language", url.Values{}).StatusCode, "nothing is not a choice")
	b.setCookie("lang", "xx")
	require.Contains(t, b.get("/").page, `<html lang="en-US"`, "a cookie that names none is as good as none")
}

// The page on which it was chosen comes back, and nothing but a page of this site.
func TestLanguage_GoesBack(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	for sent, want := range map[string]string{
		"/login": "/login", "/password/forgot": "/password/forgot", "/nothing": "/nothing", "/": "/",
		"/account/password": "/account", "/account/sessions/x": "/account/sessions", "/account/email": "/account", "/language": "/",
		"": "/welcome", "//evil.example": "/welcome", "https://evil.example/": "/welcome", `/\evil.example`: "/welcome", "javascript:alert(1)": "/welcome",
		"/%0d%0aX: y": "/welcome", "login": "/welcome", "/../x": "/welcome", "/a?b=Path()": "/a?b=Path()",
	} {
		form := chosen("en-US")
		form.Set("return", sent)
		a := b.post("/language", form)
		require.Equal(t, 303, a.StatusCode, sent)
		require.Equal(t, want, a.location(), sent)
	}
	for referer, want := range map[string]string{
		s.URL + "/login": "/login", s.URL + "/login?x=1#y": "/login", "https://evil.example/login": "/login", "https://evil.example//evil": "/welcome",
		"https://evil.example": "/welcome", "%": "/welcome",
	} {
		b.header.Set("Referer", referer)
		require.Equal(t, want, b.post("/language", chosen("en-US")).location(), referer)
	}
}

// Every page has the chooser, says which page it is, and nothing that was asked of it.
func TestLanguage_ChooserOnEveryPage(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	for _, path := range []string{"/welcome", "/login", "/nothing"} {
		page := b.get(path + "?next=x").page
		require.Contains(t, page, `name="return" value="`+path+`"`)
		require.Contains(t, page, `<option value="en-US" lang="en-US" selected>English</option>`)
		require.NotContains(t, page, "next=x")
	}
	b.logIn("ada@example.com")
	require.Contains(t, b.get("/account").page, `name="return" value="/account"`)
	require.Contains(t, b.put("/account/password", url.Values{}).page, `name="return" value="/account/password"`)
}

// The account's own setting comes before what the browser was told and what it asks for.
func TestAccountLanguage_ComesFirst(t *testing.T) {
	s, other := newSite(t), second(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	b, elsewhere := s.browser(), s.browser()
	b.logIn("ada@example.com")
	require.Contains(t, b.get("/account").page, `<option value="">`)
	a := b.put("/account/language", url.Values{"language": {other}})
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account", a.location())
	require.Equal(t, []string{in(other, "account.language_saved")}, flashes(b.get("/account").page), "in the new language")
	require.Contains(t, b.get("/nothing").page, `<html lang="`+other+`"`, "as the pages that know no account")

	elsewhere.setCookie("lang", "en-US")
	elsewhere.header.Set("Accept-Language", "en")
	elsewhere.logIn("ada@example.com")
	page := elsewhere.get("/").page
	require.Contains(t, page, `<html lang="`+other+`"`)
	require.Equal(t, []string{in(other, "login.done")}, flashes(page), "the message too, although it was the English page that caused it")
	require.Contains(t, elsewhere.get("/account/sessions").page, `<html lang="`+other+`"`)

	require.NoError(t, models.DB.Reload(ada))
	require.Equal(t, other, ada.Language)
	b.put("/account/language", url.Values{"language": {""}})
	require.NoError(t, models.DB.Reload(ada))
	require.Empty(t, ada.Language)
	require.Contains(t, b.get("/").page, `<html lang="en-US"`, "as the browser asks")
	require.Contains(t, b.get("/nothing").page, `<html lang="en-US"`)
	require.Contains(t, elsewhere.get("/").page, `<html lang="en-US"`)
}

// The chooser at the foot of a page is obeyed by an account that has a setting, too.
func TestAccountLanguage_FollowsTheChooser(t *testing.T) {
	s, other := newSite(t), second(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	b.post("/language", chosen(other))
	require.Contains(t, b.get("/").page, `<html lang="`+other+`"`)
	require.NoError(t, models.DB.Reload(ada))
	require.Empty(t, ada.Language, "this browser only")

	require.NoError(t, ada.ChooseLanguage(t.Context(), "en-US"))
	b.post("/language", chosen(other))
	require.Contains(t, b.get("/").page, `<html lang="`+other+`"`)
	require.NoError(t, models.DB.Reload(ada))
	require.Equal(t, other, ada.Language)
}

// Mails speak the owner's language, whoever asked for them.
func TestAccountLanguage_DecidesTheMails(t *testing.T) {
	s, other := newSite(t), second(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	require.NoError(t, ada.ChooseLanguage(t.Context(), other))
	b := s.browser()
	b.post("/password/forgot", url.Values{"email": {"ada@example.com"}})
	b.logIn("ada@example.com")
	b.put("/account/password", url.Values{"current_password": {modelstest.Password}, "password": {"an entirely new set of words"}})
	require.Equal(t, map[string]string{models.MailReset: other, models.MailPasswordChanged: other}, mailLanguages(t))
}

// An account that follows the browser gets its mails in the language of the page.
func TestAccountLanguage_NoneIsThatOfThePage(t *testing.T) {
	s, other := newSite(t), second(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.header.Set("Accept-Language", other)
	b.post("/password/forgot", url.Values{"email": {"ada@example.com"}})
	b.logIn("ada@example.com")
	b.put("/account/password", url.Values{"current_password": {modelstest.Password}, "password": {"an entirely new set of words"}})
	require.Equal(t, map[string]string{models.MailReset: other, models.MailPasswordChanged: other}, mailLanguages(t))
}

// mailLanguages are the languages that the mails of the outbox are sent in.
func mailLanguages(t *testing.T) map[string]string {
	t.Helper()
	mails, err := models.NewestMails(t.Context())
	require.NoError(t, err)
	languages := map[string]string{}
	for i := range mails {
		require.NoError(t, mails[i].Resolve(t.Context()))
		languages[mails[i].Template] = mails[i].Language
	}
	return languages
}

// A wait is said in words, not in a number of seconds.
func TestThrottle_WaitInWords(t *testing.T) {
	words := actions.Texts.In("en-US")
	for seconds, want := range map[int]string{1: "1 second", 2: "2 seconds", 90: "90 seconds", 91: "2 minutes", 900: "15 minutes", 3600: "60 minutes"} {
		require.Contains(t, actions.WaitSentence(words, seconds), "Please wait "+want+" before", seconds)
	}
}
