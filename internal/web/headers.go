package web

import (
	"cmp"
	"net/http"
)

// setHeaders sets the security headers of every response.
func setHeaders(next http.Handler, o Options) http.Handler {
	always := http.Header{}
	always.Set(policyHeader, string(cmp.Or(o.Policy, DefaultPolicy)))
	always.Set("X-Content-Type-Options", "nosniff")
	always.Set("X-Frame-Options", "DENY")
	always.Set("Referrer-Policy", "same-origin")
	always.Set("Cross-Origin-Opener-Policy", "same-origin")
	always.Set("Cross-Origin-Resource-Policy", "same-origin")
	always.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	always.Set("Cache-Control", "no-store") // Assets and Pages override it
	if o.HTTPS {
		hsts := "max-age=63072000"
		if o.HSTSSubdomains {
			hsts += "; includeSubDomains"
		}
		always.Set("Strict-Transport-Security", hsts)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range always {
			h[name] = value[:1:1] // responses share the slice: without capacity, Add copies it
		}
		next.ServeHTTP(w, r)
	})
}
