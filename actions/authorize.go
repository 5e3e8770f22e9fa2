package actions

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/route"
	"corral/internal/web"
	"corral/models"
)

var (
	public = route.Guard{Name: "public", MaxBody: 64 << 10} // anyone
	guest  = route.Guard{Name: "guest", MaxBody: 64 << 10}  // logged-in users are redirected home
	user   = route.Guard{Name: "user", MaxBody: 1 << 20}    // anonymous clients are redirected to the login page
	sudo   = route.Guard{Name: "sudo", MaxBody: 1 << 20}    // others than confirmed users are redirected to /sudo

	// In development, clients on this machine: with ADDR=0.0.0.0 others reach it too,
	// and can forge Host.
	local = route.Guard{Name: "local"}
)

var (
	errLoggedOut   = errors.New("not logged in")
	errUnconfirmed = errors.New("not confirmed within ten minutes: see /sudo")
)

// Authorize enforces the guard of the route.
func Authorize(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		method, path := route.Of(c)
		g, _ := routes.GuardOf(method, path, user)
		if method == http.MethodPost && path == "/login" {
			g = public // from a tab that was open before: switches accounts
		}
		switch loggedIn := currentSession(c) != nil; {
		case (g == user || g == sudo) && !loggedIn:
			web.Info(c).Event("guard refused")
			return askToLogIn(c)
		case (g == user || g == sudo) && mustEnrol(currentSession(c), path):
			web.Info(c).Event("guard refused")
			return askToEnrol(c)
		case g == sudo && !currentSession(c).Confirmed():
			web.Info(c).Event("guard refused")
			return askToConfirm(c)
		case g == guest && loggedIn:
			if web.IsNavigation(c.Request()) {
				c.Flash().Set("info", []string{"login.already"})
			}
			return redirect(c, "rootPath()")
		case g == local && !web.Info(c).Client.IsLoopback():
			web.Info(c).Event("guard refused")
			return c.Error(http.StatusForbidden, errors.New("only for clients on this machine"))
		}
		return next(c)
	}
}

// mustEnrol reports whether a route is closed to a user who has to set up a second
// step first.
func mustEnrol(session *models.Session, path string) bool {
	linked, open := enrolment[path]
	return session.User.MustEnrol() && !(open && (session.MayEnrol || !linked))
}

// askToLogIn redirects an anonymous client to the login page, with the page to go
// to afterwards: that of a GET, or the one that held the form. Background requests
// get 401 and change no session.
func askToLogIn(c buffalo.Context) error {
	if web.WantsJSON(c.Request()) || !web.IsNavigation(c.Request()) {
		return c.Error(http.StatusUnauthorized, errLoggedOut)
	}
	to := web.WithNext("/login", requestedPage(c))
	if keptNoCookie(c) && to != "/login" {
		to += "&cookies=none"
	}
	message := "login.needed"
	if ended, ok := c.Value("session_ended").(string); ok {
		message = ended
	} else if currentSession(c) != nil { // ended during this request
		message = "login.ended"
	}
	c.Flash().Set("warning", []string{message}) // Set, not Add: the cookie is limited to 4 KB
	return redirectTo(c, to)
}

// requestedPage returns the page of a refused GET, or that which held the form, or
// "".
func requestedPage(c buffalo.Context) string {
	if c.Request().Method == http.MethodGet {
		return returnPath(web.PageOf(c.Request()))
	}
	return returnPath(web.PageBefore(app.Muxer(), c.Request()))
}

// askToConfirm redirects a logged-in user to /sudo, which leads back to an empty
// form. It keeps nothing of the request: what somebody sends from an open desk would
// otherwise run when the owner confirms.
func askToConfirm(c buffalo.Context) error {
	if web.WantsJSON(c.Request()) || !web.IsNavigation(c.Request()) {
		return c.Error(http.StatusForbidden, errUnconfirmed)
	}
	if c.Request().Method != http.MethodGet {
		c.Flash().Set("warning", []string{"sudo.needed"})
	}
	return redirectTo(c, web.WithNext("/sudo", requestedPage(c)))
}

// keptNoCookie reports whether the user logged in just now, but the browser kept no
// cookie.
func keptNoCookie(c buffalo.Context) bool {
	page, _, _ := strings.Cut(web.PageBefore(app.Muxer(), c.Request()), "?")
	return page == "/login" && noCookies(c)
}

func noCookies(c buffalo.Context) bool { return len(c.Request().Cookies()) == 0 }

// Guard returns the guard of a route, for the routes task.
func Guard(info *buffalo.RouteInfo) string {
	g, declared := routes.GuardOf(info.Method, web.TrimSlash(info.Path), user)
	if !declared {
		return g.Name + " (not in the table)"
	}
	return g.Name
}
