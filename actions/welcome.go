package actions

import "github.com/gobuffalo/buffalo"

func WelcomeShow(c buffalo.Context) error {
	c.Set("description", "welcome.description")
	return renderPage(c, "welcome.title", "welcome/show.plush.html")
}
