package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddr returns the client's IP: the peer's or, behind trusted proxies,
// the right-most one in X-Forwarded-For that is not trusted. Clients can forge
// everything left of it.
func clientAddr(r *http.Request, trusted []netip.Prefix) (client netip.Addr, viaProxy bool) {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	client = peer.Addr().Unmap().WithZone("")
	if !isTrusted(client, trusted) {
		return client, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break // no proxy wrote this: trust nothing further left
		}
		client = addr.Unmap().WithZone("")
		if !isTrusted(client, trusted) {
			break
		}
	}
	return client, true
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// lastValue returns the value set by the nearest proxy, in lower case.
func lastValue(h http.Header, key string) string {
	values := strings.Split(strings.Join(h.Values(key), ","), ",")
	return strings.ToLower(strings.TrimSpace(values[len(values)-1]))
}
