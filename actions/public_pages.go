package actions

import (
	"net/http"

	"corral/actions/edge"
	"corral/config"
)

// publicPages are the pages that are the same for everybody who has no session:
// rendered once, kept by the browser, asked for by their ETag. A page that
// looks at anything but the language of the request has no place here.
func publicPages(c config.Config) edge.Pages {
	if c.Development() {
		return edge.Pages{} // what was edited shows at once
	}
	paths := []string{"/welcome", "/login", "/password/forgot"}
	if c.SignupOpen {
		paths = append(paths, "/signup")
	}
	return edge.Pages{
		Paths:         paths,
		SessionCookie: sessionCookieName(c),
		Language:      func(r *http.Request) string { return languageOf(r, "") },
	}
}
