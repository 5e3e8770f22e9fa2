package env

import "net"

// CookieName returns a cookie's full name in an environment. Browsers accept __Host- from
// https only, for this host only, for every path. In development, all ports of a host share
// their cookies: two copies of the app, which listen on addr, would log each other out.
func CookieName(environment, addr, name string) string {
	switch environment {
	case Production:
		return "__Host-" + name
	case Development:
		_, port, _ := net.SplitHostPort(addr)
		return name + "-" + port
	}
	return name
}
