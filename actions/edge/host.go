package edge

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"corral/config"
)

// isHealthCheck names the two paths that a load balancer asks for by address
// and in the clear.
func isHealthCheck(r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	return path == "/healthz" || path == "/readyz"
}

// requireHost answers 421 to a Host that is not ours. Elsewhere than in
// production the machine's own names are ours too, and no others: a page on a
// name that is rebound to 127.0.0.1 must not get in.
func requireHost(next http.Handler, c config.Config, page ErrorPage) http.Handler {
	own := withPort(c.Host.Host, c.Host.Scheme)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := withPort(r.Host, c.Host.Scheme)
		if host == own || isHealthCheck(r) || !c.Production() && isLoopback(host) {
			next.ServeHTTP(w, r)
			return
		}
		From(r.Context()).Event("host refused")
		page(w, r, http.StatusMisdirectedRequest)
	})
}

// requireHTTPS sends a page that was asked for in the clear to its https
// address. Anything else is refused: what it carried is exposed already, and a
// redirect would hide that.
func requireHTTPS(next http.Handler, c config.Config, page ErrorPage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !c.Production() || From(r.Context()).Secure || isHealthCheck(r):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet:
			target := url.URL{Scheme: c.Host.Scheme, Host: c.Host.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
			http.Redirect(w, r, target.String(), http.StatusPermanentRedirect)
		default:
			From(r.Context()).Event("clear text refused")
			page(w, r, http.StatusForbidden)
		}
	})
}

// withPort returns host:port in lower case, with the scheme's own port when none is named.
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
