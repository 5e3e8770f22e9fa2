package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
)

// isHealthCheck reports whether the path is /healthz or /readyz, which load balancers
// request by IP and without TLS.
func isHealthCheck(r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	return path == "/healthz" || path == "/readyz"
}

// requireHost answers 421 unless the request's Host is the public URL's or, with
// LoopbackNames, a loopback name. Prevents DNS rebinding: any other name may point to
// 127.0.0.1. It redirects pages from one loopback name to another, because a browser
// would have a separate session for each name.
func requireHost(next http.Handler, o Options) http.Handler {
	public := withPort(o.PublicURL.Host, o.PublicURL.Scheme)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := withPort(r.Host, o.PublicURL.Scheme)
		loopback := o.LoopbackNames && isLoopback(host)
		switch {
		case isHealthCheck(r):
			next.ServeHTTP(w, r)
			return
		case !isPort(portOf(host)): // such as 127.0.0.1:3000.evil.example
			Info(r.Context()).Event("host refused")
			o.ErrorPage(w, r, http.StatusBadRequest)
			return
		case host == public:
			next.ServeHTTP(w, r)
			return
		case loopback && isLoopback(public) && portOf(host) == portOf(public) && r.Method == http.MethodGet:
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

// requireHTTPS redirects GETs over http to https. It refuses other requests over http:
// a redirect would hide that they were sent unencrypted. If a trusted proxy sends no
// X-Forwarded-Proto, it answers 502, because a redirect would repeat endlessly. It ignores
// an untrusted peer's header, and logs a warning: the peer may be a proxy.
func requireHTTPS(next http.Handler, o Options) http.Handler {
	if !o.HTTPS {
		return next
	}
	var noScheme, noTrust sync.Once // warnings
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := Info(r.Context())
		switch {
		case info.Secure || isHealthCheck(r):
			next.ServeHTTP(w, r)
		case info.schemeUnknown:
			noScheme.Do(func() { info.line(slog.LevelWarn, "the proxy sends no X-Forwarded-Proto") })
			o.ErrorPage(w, r, http.StatusBadGateway)
		case r.Method == http.MethodGet:
			if lastValue(r.Header, "X-Forwarded-Proto") == "https" {
				noTrust.Do(func() { info.line(slog.LevelWarn, "proxy not in TRUSTED_PROXIES") })
			}
			http.Redirect(w, r, publicURL(r, o), http.StatusPermanentRedirect)
		default:
			info.Event("clear text refused")
			o.ErrorPage(w, r, http.StatusForbidden)
		}
	})
}

func publicURL(r *http.Request, o Options) string {
	location := o.PublicURL.Scheme + "://" + o.PublicURL.Host + withoutSlash(r.URL.EscapedPath())
	if r.URL.RawQuery != "" {
		location += "?" + r.URL.RawQuery
	}
	return location
}

// IsLocal reports whether a request comes from this machine, and not through a tunnel,
// whose clients may be anywhere.
func IsLocal(r *http.Request) bool {
	info := Info(r.Context())
	tunnel := r.Header.Get("X-Forwarded-For")+r.Header.Get("Forwarded") != "" || !isLoopback(withPort(r.Host, "http"))
	return info.Client.IsLoopback() && (info.viaProxy || !tunnel)
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func portOf(hostPort string) string {
	_, port, _ := net.SplitHostPort(hostPort)
	return port
}

// withPort returns host:port in lower case, by default with the scheme's port.
func withPort(host, scheme string) string {
	host = strings.ToLower(host)
	if name, port, err := net.SplitHostPort(host); err == nil {
		if port != "" {
			return host
		}
		host = name // the port may be empty (RFC 3986, 3.2.3)
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
