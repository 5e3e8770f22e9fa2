package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"
)

// LogoutNew is GET /logout: a page with a button. Prevents logout by a link or
// image of another site.
func LogoutNew(c buffalo.Context) error {
	c.Set("title", "logout.title")
	return c.Render(http.StatusOK, r.HTML("logout/new.plush.html"))
}

// LogoutDestroy is DELETE /logout. Anonymous clients get the same response.
func LogoutDestroy(c buffalo.Context) error {
	if err := logOut(c); err != nil {
		return err
	}
	c.Flash().Clear()
	c.Flash().Add("success", "logout.done")
	return redirect(c, "welcomePath()")
}
