package edge

import (
	"net/http"
	"strings"

	"corral/config"
)

// contentSecurityPolicy allows this origin's files and forms, nothing inline.
var contentSecurityPolicy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self'",
	"connect-src 'self'",
	"form-action 'self'",
	"base-uri 'none'",
	"object-src 'none'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
}, "; ")

// setHeaders puts on every answer what must not be forgotten on any. All share
// the values, which nothing writes into: Set replaces one, Add copies it.
func setHeaders(next http.Handler, c config.Config) http.Handler {
	always := http.Header{}
	always.Set("Content-Security-Policy", contentSecurityPolicy)
	always.Set("X-Content-Type-Options", "nosniff")
	always.Set("X-Frame-Options", "DENY")
	always.Set("Referrer-Policy", "no-referrer")
	always.Set("Cross-Origin-Opener-Policy", "same-origin")
	always.Set("Cross-Origin-Resource-Policy", "same-origin")
	always.Set("Cross-Origin-Embedder-Policy", "require-corp")
	always.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	always.Set("Cache-Control", "no-store") // assets and anonymous pages say otherwise
	if c.Production() {
		always.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range always {
			h[name] = value[:1:1] // no room to add a second value in place
		}
		next.ServeHTTP(w, r)
	})
}
