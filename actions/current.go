package actions

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"
	"github.com/gorilla/sessions"

	"corral/config"
	"corral/internal/cookiestore"
	"corral/internal/secret"
	"corral/internal/web"
	"corral/models"
)

// Keys in Buffalo's session of a logged-in user.
const (
	tokenKey   = "token"   // the raw token of a models.Session
	expiresKey = "expires" // Unix seconds; with "remember me" only
)

// Identify finds the session whose token is in the cookie. Without one, the client is anonymous.
func Identify(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		rawToken, ok := c.Session().Get(tokenKey).(string)
		if !ok {
			return next(c)
		}
		session, err := models.FindSession(c, rawToken, models.Client{IP: web.Info(c).Client})
		if errors.Is(err, models.ErrNotFound) {
			web.Info(c).Event("session refused") // for the log: the cookie may be a copied one
			if web.IsNavigation(c.Request()) {   // other requests show the user no message
				c.Set(loginMessageKey, "login.ended")
				c.Session().Delete(tokenKey)
				c.Session().Delete(expiresKey)
			}
			return next(c)
		}
		if err != nil {
			return err
		}
		c.Set("current_session", session)
		c.Set("current_user", session.User) // to act as another user, set User and UserID of session as well, and clear its ConfirmedAt
		web.Info(c).UserID = session.UserID.String()
		return next(c)
	}
}

// currentSession returns the session of the logged-in user, or nil.
func currentSession(c context.Context) *models.Session {
	session, _ := c.Value("current_session").(*models.Session)
	return session
}

// currentUser returns the logged-in user. Only for user and sudo routes.
func currentUser(c context.Context) *models.User { return currentSession(c).User }

// logIn is the only way to log in.
func logIn(c buffalo.Context, session *models.LoggedIn) {
	pending := web.SessionText(c, pendingKey)
	c.Session().Clear() // prevents session fixation
	c.Flash().Clear()
	keepToken(c, session.Session, session.RawSessionToken)
	restorePending(c, session.User, pending)
	deviceCookie().Set(c, session.RawDeviceCookie)
	web.Info(c).UserID = session.UserID.String()
	web.Info(c).Event("login succeeded")
}

// logInTo logs in with a message, and returns the page to go to: next, or else the home page.
func logInTo(c buffalo.Context, session *models.LoggedIn, next string) (page string) {
	logIn(c, session)
	c.Flash().Add("success", "login.done")
	return cmp.Or(next, "/")
}

// keepConfirmed keeps a confirmed session's new token, which is "" if another tab got it.
func keepConfirmed(c buffalo.Context, session *models.Session, rawToken string) {
	if rawToken != "" {
		keepToken(c, session, rawToken)
	}
	c.Session().Delete(pendingTOTPKey) // an attacker at the browser may have seen it
	web.Info(c).Event("confirmed")
}

// keepToken puts the session's token into the cookie.
func keepToken(c buffalo.Context, session *models.Session, rawToken string) {
	c.Session().Set(tokenKey, rawToken)
	if session.Remembered {
		c.Session().Set(expiresKey, session.ExpiresAt().Unix())
	}
}

// logOut is the only way to log out. It deletes the row, which voids copied cookies. It
// deletes the browser's cookie even if the database fails.
func logOut(c buffalo.Context) (err error) {
	if client := clientOf(c); client.RawSessionToken != "" {
		var user *models.User
		switch user, err = models.EndSession(c, client); {
		case err == nil && user != nil:
			web.Info(c).UserID = user.ID.String()
			web.Info(c).Event("logout")
		case err == nil:
			web.Info(c).Event("session refused")
		}
	}
	forgetSession(c)
	return err
}

// forgetSession removes an ended session from the browser.
func forgetSession(c buffalo.Context) {
	c.Session().Clear()
	// Not "cookies": the flash message and the device cookie stay. Not "cache": that empties
	// the cache of every site.
	c.Response().Header().Set("Clear-Site-Data", `"storage"`)
}

const sessionCookieName = "corral"

// newSessionStore returns a store that keeps Buffalo's session in an encrypted cookie. The
// first secret encrypts; all decrypt.
func newSessionStore(c config.Config) sessions.Store {
	return cookiestore.New(cookiestore.Options{
		Keys:       secret.NewRing("corral", c.SessionSecrets).Pairs("session cookie"),
		Secure:     c.Production(),
		ExpiresKey: expiresKey, // for the browser only: the row says when the session ends
		Now:        models.Clock.Now,
		ReadOnly:   func(r *http.Request) bool { return web.IsPrefetch(r) || web.IsHead(r) }, // the user may never see the page
		OnRefused:  func(r *http.Request) { web.Info(r.Context()).Event("cookie refused") },
	})
}
