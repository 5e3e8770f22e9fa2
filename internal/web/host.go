package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// isHealthCheck reports whether the path is /healthz or /readyz, which load
// balancers request by IP, without TLS.
func isHealthCheck(r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	return path == "/healthz" || path == "/readyz"
}

// requireHost answers 421 unless Host is the public URL's or, with
// LoopbackNames, a loopback name. Prevents DNS rebinding: any other name may
// point to 127.0.0.1. Pages on another loopback name are redirected: a browser
// would have a session for each name.
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

// requireHTTPS redirects GETs over http to https. It refuses other requests: a
// redirect would hide that they were sent in the clear.
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

func publicURL(r *http.Request, o Options) string {
	u := url.URL{Scheme: o.PublicURL.Scheme, Host: o.PublicURL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	return u.String()
}

func portOf(hostPort string) string {
	_, port, _ := net.SplitHostPort(hostPort)
	return port
}

// withPort returns host:port in lower case, by default with the scheme's port.
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
