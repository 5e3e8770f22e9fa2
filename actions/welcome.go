package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"
)

func WelcomeShow(c buffalo.Context) error {
	c.Set("title", "welcome.title")
	return c.Render(http.StatusOK, r.HTML("welcome/show.plush.html"))
}
