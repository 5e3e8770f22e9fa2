package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"
)

func WelcomeShow(c buffalo.Context) error {
	c.Set("title", "welcome.title")
	c.Set("description", "welcome.description")
	return c.Render(http.StatusOK, r.HTML("welcome/show.plush.html"))
}
