package actions

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/actions/view"
	"corral/models"
)

// signedInDevice is a line of the page.
type signedInDevice struct {
	ID         string
	Name       string
	Address    string
	Since      time.Time
	Seen       time.Time
	Remembered bool
	Current    bool // the browser that asks
}

// AccountSessionsIndex is GET /account/sessions: where the person is signed in.
func AccountSessionsIndex(c buffalo.Context) error {
	current := currentSession(c)
	sessions, err := models.SessionsOf(c, current.User)
	if err != nil {
		return err
	}
	var devices []signedInDevice
	for _, s := range sessions {
		devices = append(devices, signedInDevice{
			ID:         s.ID.String(),
			Name:       browserName(c, s.UserAgent),
			Address:    s.Address,
			Since:      s.CreatedAt.UTC(),
			Seen:       s.LastSeenAt.UTC(),
			Remembered: s.Remembered,
			Current:    s.ID == current.ID,
		})
	}
	c.Set("title", "account_sessions.title")
	c.Set("devices", devices)
	return c.Render(http.StatusOK, r.HTML("account_sessions/index.plush.html"))
}

// AccountSessionsDestroy is DELETE /account/sessions/{id}: ends a session, as
// of its very next request. Ending the one that asks is logging out.
func AccountSessionsDestroy(c buffalo.Context) error {
	current := currentSession(c)
	if c.Param("id") == current.ID.String() {
		return LogoutDestroy(c)
	}
	err := models.EndSessionOf(c, current.User, c.Param("id"), origin(c))
	if errors.Is(err, models.ErrNotFound) {
		edge.From(c).Event("foreign id refused")
		return c.Error(http.StatusNotFound, err)
	}
	if err != nil {
		return err
	}
	edge.From(c).Event("session ended")
	c.Flash().Add("success", "account_sessions.ended")
	return redirect(c, "/account/sessions")
}

// AccountSessionsDestroyOthers is DELETE /account/sessions: ends all sessions
// but the one that asks.
func AccountSessionsDestroyOthers(c buffalo.Context) error {
	if err := currentSession(c).EndOtherSessions(c, origin(c)); err != nil {
		return err
	}
	edge.From(c).Event("other sessions ended")
	c.Flash().Add("success", "account_sessions.others_ended")
	return redirect(c, "/account/sessions")
}

// browserName says a User-Agent header in the person's language.
func browserName(c buffalo.Context, userAgent string) string {
	name, system := models.Browser(userAgent)
	return cmp.Or(view.Browser(texts.In(language(c)), name, system), translate(c, "browser.unknown"))
}
