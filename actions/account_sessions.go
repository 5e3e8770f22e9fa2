package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

func AccountSessionsIndex(c buffalo.Context) error {
	sessions, err := models.SessionsOf(c, currentUser(c))
	if err != nil {
		return err
	}
	c.Set("more", len(sessions) > models.MaxSessions)
	c.Set("sessions", sessions[:min(len(sessions), models.MaxSessions)])
	return renderPage(c, "account_sessions.title", "account_sessions/index.plush.html")
}

// AccountSessionsDestroy is DELETE /account/sessions/{id}. Ending the current
// session is a logout.
func AccountSessionsDestroy(c buffalo.Context) error {
	current := currentSession(c)
	if c.Param("id") == current.ID.String() {
		return LogoutDestroy(c)
	}
	if err := models.EndSessionByID(c, current.User, c.Param("id"), clientOf(c)); err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("session ended")
	c.Flash().Add("success", "account_sessions.ended")
	return redirect(c, "accountSessionsPath()")
}

func AccountSessionsDestroyOthers(c buffalo.Context) error {
	err := currentSession(c).EndOtherSessions(c, clientOf(c))
	if err != nil && !errors.Is(err, models.ErrNotFound) { // ended by another tab
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("other sessions ended")
	c.Flash().Add("success", "account_sessions.others_ended")
	return redirect(c, "accountSessionsPath()")
}
