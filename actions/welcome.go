package actions

import "github.com/gobuffalo/buffalo"

// WelcomeShow is a page of publicPages: it is rendered once per language, for all clients.
// Remove it there before you add live data or a cookie.
func WelcomeShow(c buffalo.Context) error {
	c.Set("description", "welcome.description")
	return renderPage(c, "welcome.title", "welcome/show.plush.html")
}
