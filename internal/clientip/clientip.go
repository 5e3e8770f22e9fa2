// Package clientip formats the IPs of clients for rows and rate limits.
//
//	row.IP, row.Network = clientip.Text(ip), clientip.Network(ip)
package clientip

import "net/netip"

// Text returns the IP as text, or "" for the zero Addr.
func Text(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

// Network returns the /24 of an IPv4 or the /48 of an IPv6, which identify no client, or
// "" for the zero Addr.
func Network(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	network, _ := ip.Prefix(bits) // never fails: IPs are longer
	return network.String()
}
