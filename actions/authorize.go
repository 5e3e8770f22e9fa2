package actions

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/route"
	"corral/internal/web"
)

var (
	public = route.Guard{Name: "public", MaxBody: 64 << 10} // anyone
	guest  = route.Guard{Name: "guest", MaxBody: 64 << 10}  // logged-in users are redirected home
	user   = route.Guard{Name: "user", MaxBody: 1 << 20}    // anonymous clients are redirected to the login page
	sudo   = route.Guard{Name: "sudo", MaxBody: 1 << 20}    // as user; unconfirmed sessions go to /sudo

	// local is for clients on this machine, in development. It checks the IP, not only Host,
	// which other machines can forge if ADDR=0.0.0.0 lets them reach the app.
	local = route.Guard{Name: "local"}
)

var errLoggedOut = errors.New("not logged in")

// Authorize enforces the guard of the route. Unknown guards and routes require a login.
func Authorize(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		found, session := routes.Of(c, user), currentSession(c)
		g := found.Guard
		if found.Method == http.MethodPost && found.Path == "/login" {
			g = public // a login form in another tab may log in to another account
		}
		switch loggedIn, closed := session != nil, g != public && g != guest && g != local; {
		case closed && !loggedIn:
			web.Info(c).Event("guard refused")
			return askToLogIn(c)
		case closed && session.User.MustEnrol() && found.Mark != enrol && !(found.Mark == enrolByLink && session.MayEnrol):
			web.Info(c).Event("guard refused")
			return askToEnrol(c)
		case g == sudo && !session.Confirmed():
			web.Info(c).Event("guard refused")
			return askToConfirm(c)
		case g == guest && loggedIn:
			if web.IsNavigation(c.Request()) {
				c.Flash().Set("info", []string{"login.already"})
			}
			return redirect(c, "rootPath()")
		case g == local && !web.IsLocal(c.Request()):
			web.Info(c).Event("guard refused")
			return c.Error(http.StatusForbidden, errors.New("only for clients on this machine"))
		}
		return next(c)
	}
}

// loginMessageKey is the name of a context value: the message key that askToLogIn shows
// instead of "login.needed".
const loginMessageKey = "login_message_key"

// askToLogIn redirects to the login page, which leads to the requested page
// afterwards. Background requests get 401 and no flash message.
func askToLogIn(c buffalo.Context) error {
	if web.WantsJSON(c.Request()) || !web.IsNavigation(c.Request()) {
		return c.Error(http.StatusUnauthorized, errLoggedOut)
	}
	to := web.WithNext("/login", requestedPage(c))
	if keptNoCookie(c) && to != "/login" {
		to += "&cookies=none"
	}
	key := "login.needed"
	if set, ok := c.Value(loginMessageKey).(string); ok {
		key = set
	} else if currentSession(c) != nil { // the session ended during this request
		key = "login.ended"
	}
	c.Flash().Set("warning", []string{key}) // Set, not Add: the cookie is limited to 4 KB
	return redirectTo(c, to)
}

// requestedPage returns the path of a GET or, for other methods, the path of the page with
// the form. It returns "" for an unknown page.
func requestedPage(c buffalo.Context) string {
	if page := web.PageOf(c.Request()); c.Request().Method == http.MethodGet {
		return cmp.Or(returnPath(page), page) // the login page drops pages such as /logout
	}
	return returnPath(pageBefore(c))
}

// pageBefore is web.PageBefore, which expects the form of /account/password on /account.
func pageBefore(c buffalo.Context) string {
	page := web.PageBefore(app.Muxer(), c.Request())
	if page == "/account" && strings.HasSuffix(c.Request().Referer(), "/password") {
		return "/account/security"
	}
	return page
}

// askToConfirm redirects a logged-in user to /sudo, which leads back to the page. It
// drops the request: otherwise a form that an attacker sent from an unattended browser
// would run when the user confirms.
func askToConfirm(c buffalo.Context) error {
	if web.WantsJSON(c.Request()) || !web.IsNavigation(c.Request()) {
		return c.Error(http.StatusForbidden, errors.New("not confirmed in the last ten minutes: confirm at /sudo"))
	}
	if c.Request().Method != http.MethodGet {
		c.Flash().Set("warning", []string{"sudo.needed"})
	}
	return redirectTo(c, web.WithNext("/sudo", requestedPage(c)))
}

// keptNoCookie reports whether a request from the login page has no cookie: the browser
// seems to keep none.
func keptNoCookie(c buffalo.Context) bool {
	page, _, _ := strings.Cut(pageBefore(c), "?")
	return page == "/login" && noCookies(c)
}

func noCookies(c buffalo.Context) bool { return len(c.Request().Cookies()) == 0 }

// WriteRoutes prints the routes of app with their guards.
func WriteRoutes(w io.Writer, app *buffalo.App) error { return routes.Write(w, app.Routes(), user) }
