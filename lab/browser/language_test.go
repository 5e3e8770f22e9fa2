package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

func TestLanguage_ChooserKeepsThePage(t *testing.T) {
	t.Parallel()
	for _, noScript := range []bool{false, true} {
		b := openBrowser(t, openSite(t), person{noScript: noScript})
		b.visit("/signup")
		for _, choice := range []struct{ name, lang, dir string }{{"ar", "ar", "rtl"}, {"ja", "ja", "ltr"}, {"en-US", "en-US", "ltr"}} {
			b.do("choosing "+choice.name, chromedp.SetValue("footer [name=language]", choice.name, chromedp.ByQuery))
			b.press("footer [type=submit]")
			require.Equal(t, "/signup", b.path())
			require.Equal(t, choice.lang+" "+choice.dir, evaluate[string](b, `document.documentElement.lang + " " + document.documentElement.dir`))
			require.Len(t, b.cookies(), 1)
			require.Equal(t, choice.name, b.cookies()[0].Value, "the cookie holds only the language")
		}
	}
}

// The account's language precedes the browser's on all pages of a logged-in
// user and in all mails, also if another browser causes them.
func TestLanguage_AccountPrecedesBrowser(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	zoe := s.signedUpIn(t, "zoe@example.com", "de")
	zoe.visit("/account")
	zoe.see("account")
	zoe.chooseLanguage("ar")
	zoe.language = "ar" // the expected language; the browser still sends de
	zoe.see("account-language-flash")
	require.Equal(t, "ar", evaluate[string](zoe.browser, `document.querySelector("#account_language").value`))

	fresh := &story{browser: openBrowser(t, s, person{language: "de", userAgent: iPhone}), email: zoe.email}
	mailIn := func(language, path string) {
		t.Helper()
		m := s.mails.Wait(t, "with a link to "+path, func(m services.Mail) bool { return m.To == zoe.email && strings.Contains(m.Text, path) })
		require.Contains(t, m.HTML, `<html lang="`+language+`"`, path)
	}
	fresh.visit("/password/forgot")
	fresh.see("forgot")
	fresh.fill("[name=email]", zoe.email)
	fresh.press(`[action="/password/forgot"] [type=submit]`)
	fresh.see("check-mail")
	mailIn("ar", "/password/reset/")
	fresh.visit("/login")
	fresh.see("login")
	fresh.logIn(zoe.password)
	mailIn("ar", "/not-me/")
	fresh.language = "ar"
	fresh.see("home-flash")
	for _, path := range []string{"/", "/account", "/account/security", "/account/sessions", "/account/activity", "/sudo", "/logout", "/welcome", "/password/forgot", "/check-mail"} {
		fresh.visit(path)
		fresh.see(path)
	}
	fresh.visit("/account")
	evaluate[any](fresh.browser, `document.querySelector("#account_language").selectedOptions[0].value = "tlh"; null`)
	fresh.press(`main [action="/account/language"] [type=submit]`)
	fresh.seeError(422)
	require.NotContains(t, names(fresh.cookies()), "__Host-corral-lang", "the account has the language, not a cookie")

	fresh.visit("/account")
	fresh.chooseLanguage("")
	fresh.language = "de"
	fresh.see("account-language-browser")
	fresh.visit("/password/forgot")
	fresh.fill("[name=email]", zoe.email)
	fresh.press(`[action="/password/forgot"] [type=submit]`)
	mailIn("de", "/password/reset/")
}

// chooseLanguage sets the account's language. With "", pages follow the browser.
func (s *story) chooseLanguage(name string) {
	s.t.Helper()
	evaluate[string](s.browser, fmt.Sprintf(`document.querySelector("#account_language").value = %q`, name))
	s.press(`main [action="/account/language"] [type=submit]`)
	require.Equal(s.t, "/account", s.path())
	require.Len(s.t, s.flashes(), 1)
}

func names(cookies []*http.Cookie) (list []string) {
	for _, c := range cookies {
		list = append(list, c.Name)
	}
	return list
}
