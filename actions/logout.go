package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"
)

// LogoutNew is GET /logout: a page with one button, since a link or an image
// must never log anybody out.
func LogoutNew(c buffalo.Context) error {
	c.Set("title", "logout.title")
	return c.Render(http.StatusOK, r.HTML("logout/new.plush.html"))
}

// LogoutDestroy is DELETE /logout. The answer is the same when nobody was logged
// in.
func LogoutDestroy(c buffalo.Context) error {
	if err := logOut(c); err != nil {
		return err
	}
	c.Flash().Clear()
	c.Flash().Add("success", "logout.done")
	return redirect(c, "welcomePath()")
}
