package web

import (
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"
)

// Cookie is a cookie for all paths, which scripts cannot read.
type Cookie struct {
	Name     string
	Lifetime time.Duration
}

// Value returns the value of the cookie in a request, or "".
func (k Cookie) Value(r *http.Request) string {
	cookie, err := r.Cookie(k.Name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// Set sets the cookie; the value "" removes it. The cookie is Secure if the request came by
// https, as all requests do in production.
func (k Cookie) Set(c buffalo.Context, value string) {
	lifetime := k.Lifetime
	if value == "" {
		lifetime = -time.Second
	}
	http.SetCookie(c.Response(), &http.Cookie{
		Name:     k.Name,
		Value:    value,
		Path:     "/",
		MaxAge:   int(lifetime.Seconds()),
		Secure:   Info(c).Secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}
