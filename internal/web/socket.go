package web

import (
	"net"
	"os"
)

// firstSocket is the first descriptor that systemd passes: sd_listen_fds(3).
const firstSocket = 3

// newListener listens on the port or on systemd's socket, which stays open
// while processes are replaced: clients wait instead of being refused.
func newListener(o ListenOptions) (net.Listener, error) {
	if !o.Socket {
		return net.Listen("tcp", o.Addr)
	}
	file := os.NewFile(firstSocket, "systemd socket")
	defer file.Close() // the listener has its own
	return net.FileListener(file)
}
