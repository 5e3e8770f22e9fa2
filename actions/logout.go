package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

// LogoutNew is GET /logout: shows a button. If the GET logged out, a link or image of
// another site could log users out.
func LogoutNew(c buffalo.Context) error {
	return renderPage(c, "logout.title", "logout/new.plush.html")
}

// LogoutDestroy is DELETE /logout. Anonymous clients get the same response. While
// the database is down, LogoutDestroy deletes the cookie and says that the session was not ended.
func LogoutDestroy(c buffalo.Context) error {
	kind, messageKey := "success", "logout.done"
	if err := logOut(c); err != nil {
		web.Info(c).Error(err)
		kind, messageKey = "danger", "logout.not_ended"
	}
	c.Flash().Clear()
	c.Flash().Add(kind, messageKey)
	return redirect(c, "welcomePath()")
}
