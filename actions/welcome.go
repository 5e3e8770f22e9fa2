package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"
)

// WelcomeShow is GET /welcome: what this is, and the way in.
func WelcomeShow(c buffalo.Context) error {
	c.Set("title", "welcome.title")
	return c.Render(http.StatusOK, r.HTML("welcome/show.plush.html"))
}
