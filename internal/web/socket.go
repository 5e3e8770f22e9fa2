package web

import (
	"net"
	"os"
)

// firstSocket is the first file descriptor that systemd passes: sd_listen_fds(3).
const firstSocket = 3

// newListener listens on the port, or on the socket that systemd has opened.
// systemd keeps that open while one process replaces another, so clients that
// connect meanwhile wait and are not refused.
func newListener(o ListenOptions) (net.Listener, error) {
	if !o.Socket {
		return net.Listen("tcp", o.Addr)
	}
	file := os.NewFile(firstSocket, "systemd socket")
	defer file.Close() // the listener has a descriptor of its own
	return net.FileListener(file)
}
