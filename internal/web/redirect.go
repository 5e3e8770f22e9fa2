package web

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gobuffalo/buffalo"
)

// Redirect redirects to a path helper such as "loginPath()": with 302 after a GET, else 303.
func Redirect(c buffalo.Context, to string) error { return c.Redirect(redirectStatus(c), to) }

// RedirectTo is Redirect for a path from a client, which Buffalo must not read as a
// format or a path helper.
func RedirectTo(c buffalo.Context, path string) error {
	return c.Redirect(redirectStatus(c), "%s", path)
}

func redirectStatus(c buffalo.Context) int {
	if c.Request().Method == http.MethodGet {
		return http.StatusFound
	}
	return http.StatusSeeOther
}

// SetRetryAfter sets Retry-After to the seconds of wait, rounded up, which it returns.
func SetRetryAfter(c buffalo.Context, wait time.Duration) (seconds int) {
	seconds = int(math.Ceil(wait.Seconds()))
	c.Response().Header().Set("Retry-After", strconv.Itoa(seconds))
	return seconds
}
