package edge

import (
	"net"
	"os"

	"corral/config"
)

// firstSocket is the number of the first file descriptor that systemd passes
// on: sd_listen_fds(3).
const firstSocket = 3

// newListener takes the port; or the socket that systemd has opened and keeps open
// while one process takes another's place: who connects meanwhile waits, and
// nobody is refused.
func newListener(c config.Config) (net.Listener, error) {
	if !c.Socket {
		return net.Listen("tcp", c.Addr)
	}
	file := os.NewFile(firstSocket, "the socket of systemd")
	defer file.Close() // the listener has a descriptor of its own
	return net.FileListener(file)
}
