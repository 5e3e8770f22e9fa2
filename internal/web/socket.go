package web

import (
	"net"
	"net/netip"
	"os"
)

// firstSocket is the first descriptor that systemd passes: sd_listen_fds(3).
const firstSocket = 3

// newListener listens on the port or on systemd's socket, which stays open while
// processes are replaced: clients wait instead of being refused.
func newListener(o ListenOptions) (net.Listener, error) {
	if !o.Socket {
		network := "tcp"
		if addr, err := netip.ParseAddrPort(o.Addr); err == nil && addr.Addr().Is4() {
			network = "tcp4" // else 0.0.0.0 accepts IPv6, too, past a firewall for IPv4
		}
		return net.Listen(network, o.Addr)
	}
	file := os.NewFile(firstSocket, "systemd socket")
	defer file.Close() // the listener has its own
	return net.FileListener(file)
}
