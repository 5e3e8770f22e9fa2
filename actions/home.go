package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"
)

func HomeShow(c buffalo.Context) error {
	c.Set("title", "home.title")
	return c.Render(http.StatusOK, r.HTML("home/show.plush.html"))
}
