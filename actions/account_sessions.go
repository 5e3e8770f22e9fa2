package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/database"
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
	err := models.EndSessionByID(c, current.User, c.Param("id"), clientOf(c))
	return changed(c, err, "session ended", "account_sessions.ended", "accountSessionsPath()")
}

func AccountSessionsDestroyOthers(c buffalo.Context) error {
	err := currentSession(c).EndOtherSessions(c, clientOf(c))
	err = database.Replace(err, models.ErrNotFound, nil) // ended by another tab
	return changed(c, err, "other sessions ended", "account_sessions.others_ended", "accountSessionsPath()")
}
