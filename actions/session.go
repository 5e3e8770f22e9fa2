package actions

import (
	"context"
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/models"
)

// What the session cookie holds of a person who is signed in.
const (
	tokenKey   = "token"   // opens a row of models.Session
	expiresKey = "expires" // Unix seconds; with "remember me" only
)

var errSignedOut = errors.New("nobody is signed in")

// Identify finds the session that the cookie opens, if any. A cookie whose
// session has ended is an anonymous visitor's.
func Identify(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		rawToken, ok := c.Session().Get(tokenKey).(string)
		if !ok {
			return next(c)
		}
		session, err := models.FindSession(c, rawToken)
		if errors.Is(err, models.ErrNotFound) {
			edge.From(c).Event("session refused") // it has ended; this may be a copy
			c.Session().Delete(tokenKey)
			c.Session().Delete(expiresKey)
			return next(c)
		}
		if err != nil {
			return err // never guess who it is
		}
		c.Set("current_session", session)
		c.Set("current_user", session.User)
		edge.From(c).UserID = session.UserID.String()
		return next(c)
	}
}

// currentSession is the session of the person who is signed in, or nil.
func currentSession(c context.Context) *models.Session {
	session, _ := c.Value("current_session").(*models.Session)
	return session
}

// currentUser is the person who is signed in. It is for routes that are guarded.
func currentUser(c context.Context) *models.User { return currentSession(c).User }

// keepSession lets the browser keep a session that has just begun: every way in
// goes through here. All that the cookie held before is gone, so that nobody can
// plant a session in a browser and share it once its owner has logged in (fixation).
func keepSession(c buffalo.Context, session *models.SignedIn) {
	c.Session().Clear()
	c.Flash().Clear()
	c.Session().Set(tokenKey, session.RawToken)
	if session.Remembered {
		c.Session().Set(expiresKey, session.ExpiresAt().Unix())
	}
	keepDevice(c, session.RawDevice)
	request := edge.From(c)
	request.UserID = session.UserID.String()
	request.Event("login succeeded")
}

// signOut ends the session: every way out goes through here. The row goes, so
// that a copy of the cookie is dead too.
func signOut(c buffalo.Context) error {
	if from := origin(c); from.RawSession != "" {
		if err := models.EndSession(c, from); err != nil {
			return err
		}
		edge.From(c).Event("logout")
	}
	c.Session().Clear()
	// Not "cookies": that would eat the flash message.
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return nil
}
