package actions

import (
	"net/http"

	"corral/config"
	"corral/internal/web"
)

// publicPages lists the pages that are the same for every client without a session:
// each is rendered once per language and revalidated by its ETag.
func publicPages(c config.Config) web.Pages {
	if c.Development() {
		return web.Pages{} // edits show at once
	}
	paths := []string{"/welcome", "/login", "/password/forgot"}
	if c.SignupOpen {
		paths = append(paths, "/signup")
	}
	return web.Pages{
		Paths:         paths,
		SessionCookie: c.CookieName(sessionCookieName),
		Language:      func(r *http.Request) string { return languageOf(r, "") },
	}
}
