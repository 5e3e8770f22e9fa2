package web

import (
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"
)

// Cookie is a cookie for all paths that no script reads.
type Cookie struct {
	Name     string
	Lifetime time.Duration
}

// Value returns its value in a request, or "".
func (k Cookie) Value(r *http.Request) string {
	cookie, err := r.Cookie(k.Name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// Set sets the cookie; "" removes it. It is Secure if the request came by https, as
// all do in production.
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
