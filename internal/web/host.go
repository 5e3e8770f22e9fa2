package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// isHealthCheck reports whether the path is /healthz or /readyz, which a load
// balancer asks for by address and in the clear.
func isHealthCheck(r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	return path == "/healthz" || path == "/readyz"
}

// requireHost answers 421 to a Host that is not the public URL's. With
// LoopbackNames the machine's own names are accepted too, and no others: a page
// on a name that is rebound to 127.0.0.1 must not get in. Where only the name
// differs, a page is redirected: under two names a browser has two sessions.
func requireHost(next http.Handler, o Options) http.Handler {
	own := withPort(o.PublicURL.Host, o.PublicURL.Scheme)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := withPort(r.Host, o.PublicURL.Scheme)
		loopback := o.LoopbackNames && isLoopback(host)
		switch {
		case host == own || isHealthCheck(r):
			next.ServeHTTP(w, r)
			return
		case loopback && isLoopback(own) && portOf(host) == portOf(own) && r.Method == http.MethodGet:
			http.Redirect(w, r, publicURL(r, o), http.StatusFound)
			return
		case loopback:
			next.ServeHTTP(w, r)
			return
		}
		Info(r.Context()).Event("host refused")
		o.ErrorPage(w, r, http.StatusMisdirectedRequest)
	})
}

// requireHTTPS redirects a page that was asked for in the clear to its https
// address. Anything else is refused: what it carried is exposed already, and a
// redirect would hide that.
func requireHTTPS(next http.Handler, o Options) http.Handler {
	if !o.HTTPS {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case Info(r.Context()).Secure || isHealthCheck(r):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet:
			http.Redirect(w, r, publicURL(r, o), http.StatusPermanentRedirect)
		default:
			Info(r.Context()).Event("clear text refused")
			o.ErrorPage(w, r, http.StatusForbidden)
		}
	})
}

// publicURL returns the URL of a request under the public URL.
func publicURL(r *http.Request, o Options) string {
	u := url.URL{Scheme: o.PublicURL.Scheme, Host: o.PublicURL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	return u.String()
}

func portOf(hostPort string) string {
	_, port, _ := net.SplitHostPort(hostPort)
	return port
}

// withPort returns host:port in lower case, with the scheme's own port if host names none.
func withPort(host, scheme string) string {
	host = strings.ToLower(host)
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

func isLoopback(hostPort string) bool {
	host, _, _ := net.SplitHostPort(hostPort)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
