package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddr returns the client's IP: the peer's or, behind a trusted proxy or a unix
// socket, the right-most IP in X-Forwarded-For that is not trusted. Clients can forge
// everything left of that. If X-Forwarded-For cannot be read, client is a proxy's
// IP or invalid, and fault says why.
func clientAddr(r *http.Request, trusted []netip.Prefix) (client netip.Addr, viaProxy bool, fault string) {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	client = peer.Addr().Unmap().WithZone("")
	if !isTrusted(client, trusted) && !overUnix(r) {
		return client, false, ""
	}
	fault = "X-Forwarded-For is missing"
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if hop = strings.TrimSpace(hop); hop == "" {
			continue // lists may have empty elements (RFC 9110, 5.6.1)
		}
		addr, ok := parseHop(hop)
		if !ok {
			return client, true, "X-Forwarded-For is unreadable" // and nothing left of it can be trusted
		}
		client, fault = addr, ""
		if !isTrusted(client, trusted) {
			break
		}
	}
	return client, true, fault
}

// parseHop parses an IP with or without a port: 192.0.2.1:5, 2001:db8::1,
// [2001:db8::1], [2001:db8::1]:5.
func parseHop(hop string) (addr netip.Addr, ok bool) {
	withPort, err := netip.ParseAddrPort(hop)
	addr = withPort.Addr()
	if err != nil {
		if inner, ok := strings.CutPrefix(hop, "["); ok {
			if hop, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(hop, ":") {
				return addr, false
			}
		}
		addr, err = netip.ParseAddr(hop)
	}
	return addr.Unmap().WithZone(""), err == nil
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// lastValue returns the last value of a header, which the nearest proxy set, in lower case.
func lastValue(h http.Header, key string) string {
	values := strings.Split(strings.Join(h.Values(key), ","), ",")
	return strings.ToLower(strings.TrimSpace(values[len(values)-1]))
}
