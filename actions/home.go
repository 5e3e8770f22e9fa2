package actions

import "github.com/gobuffalo/buffalo"

func HomeShow(c buffalo.Context) error {
	return renderPage(c, "home.title", "home/show.plush.html")
}
