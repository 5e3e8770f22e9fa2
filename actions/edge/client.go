package edge

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddr is the address that a request comes from: the peer's, unless the
// peer is a trusted proxy; then the right-most address in X-Forwarded-For that
// is none. What stands left of it anybody could have written.
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
			break // not what a proxy writes: believe nothing further left
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

// lastValue is the value that the nearest proxy wrote.
func lastValue(h http.Header, key string) string {
	values := strings.Split(strings.Join(h.Values(key), ","), ",")
	return strings.ToLower(strings.TrimSpace(values[len(values)-1]))
}
