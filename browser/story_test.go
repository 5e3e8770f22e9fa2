// Package browser tells the story in Debian's Chromium: the binary as it ships,
// a real page, and screenshots to look at.
package browser

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func TestStory_WelcomeLoginHomeLogout(t *testing.T) {
	site := startSite(t)
	b := openBrowser(t, site)

	b.visit("/welcome")
	b.picture("welcome")
	require.Contains(t, b.text("h1"), "session login")

	b.visit("/")
	require.Equal(t, "/login", b.path())
	require.Equal(t, []string{"You need to login first."}, b.flashes())
	b.picture("login")

	b.fill("#email", email)
	b.fill("#password", "not the password")
	b.press("main form button")
	require.Equal(t, "Invalid email or password.", b.text("#login-error"))
	require.Equal(t, email, b.value("#email"), "the address is kept")
	require.Empty(t, b.value("#password"), "the password is not")
	require.Equal(t, "password", b.focused(), "ready for the next try")
	b.picture("login-error")

	b.fill("#password", password)
	b.press("main form button")
	require.Equal(t, "/", b.path())
	require.Equal(t, []string{"You were logged in."}, b.flashes())
	require.Contains(t, b.text("dl"), email)
	b.picture("home")
	b.visit("/")
	require.Empty(t, b.flashes(), "shown once")
	copied := b.cookies()

	b.visit("/logout")
	b.picture("logout")
	b.press("main form button")
	require.Equal(t, "/welcome", b.path())
	require.Equal(t, []string{"You were logged out."}, b.flashes())
	b.visit("/welcome")
	require.Empty(t, b.flashes(), "shown once")
	b.run(chromedp.NavigateBack())
	require.NotContains(t, b.text("main"), email, "Back shows nothing private")

	req, err := http.NewRequest("GET", site.url+"/", nil)
	require.NoError(t, err)
	for _, c := range copied {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, "/login", res.Header.Get("Location"), "a copied cookie is refused")
	b.requireQuiet()
}

// No page needs JavaScript.
func TestStory_WithoutJavaScript(t *testing.T) {
	b := openBrowser(t, startSite(t))
	b.run(emulation.SetScriptExecutionDisabled(true))
	b.visit("/?tab=here")
	b.fill("#email", email)
	b.fill("#password", password)
	b.press("main form button")
	require.Equal(t, "/", b.path())
	require.Equal(t, []string{"You were logged in."}, b.flashes())
	b.visit("/logout")
	b.press("main form button")
	require.Equal(t, []string{"You were logged out."}, b.flashes())
}

// From sign-up to deletion, by the links in the mails.
func TestStory_AccountFromBeginningToEnd(t *testing.T) {
	site := startSite(t)
	b := openBrowser(t, site)
	b.visit("/signup")
	b.picture("signup")
	b.fill("#email", "zoe@gmial.com")
	b.press("main form button")
	require.Equal(t, "/check-mail", b.path())
	require.Contains(t, b.text("main"), "Did you mean zoe@gmail.com?")
	b.picture("check-mail")

	b.openMail()
	require.Equal(t, "/signup/password", b.path(), "the token has left the address bar")
	b.fill("#password", "passwordpassword")
	b.press("main form button")
	require.Contains(t, b.text("#password-error"), "easy to guess")
	b.picture("choose-password-error")
	b.fill("#password", password)
	b.press("main form button")
	require.Equal(t, []string{"Welcome. You were logged in."}, b.flashes())

	b.visit("/account")
	b.picture("account")
	b.visit("/logout")
	b.press("main form button")
	b.visit("/password/forgot")
	b.picture("forgot")
	b.fill("#email", "zoe@gmial.com")
	b.press("main form button")
	b.openMail()
	require.Equal(t, "/password/reset", b.path())
	b.fill("#password", "an entirely new set of words")
	b.press("main form button")
	require.Equal(t, "/login", b.path(), "it does not sign in")
	b.fill("#email", "zoe@gmial.com")
	b.fill("#password", "an entirely new set of words")
	b.press("main form button")

	b.visit("/account")
	b.fill("#delete_password", "an entirely new set of words")
	b.press(".card-danger button")
	require.Equal(t, []string{"Your account was deleted."}, b.flashes())
	b.visit("/nothing/here")
	require.Contains(t, b.text("h1"), "There is no such page")
	b.picture("not-found")
}

// What is open in the browser follows what is saved.
func TestDevelopment_PageReloadsByItself(t *testing.T) {
	site := startSite(t)
	b := openBrowser(t, site)
	b.visit("/welcome")
	<-b.reloading
	path := site.dir + "/templates/welcome/show.plush.html"
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(source), "<h1>", `<h1 id="saved">`, 1)), 0o600))
	b.run(chromedp.WaitVisible("#saved", chromedp.ByQuery))
}
