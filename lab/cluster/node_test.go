package cluster

import (
	"net"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// node runs the app. Like systemd, it holds the socket and passes it to each process, so
// that connections wait while no process runs. After closeSocket, they are refused.
type node struct {
	cluster    *cluster
	address    string
	release    string          // the path of another release's binary, or "" for this release
	socket     *os.File        // if nil, the process opens its own socket
	process    *binary.Process // the running process, or the last one
	earlierLog string          // the logs of earlier processes
}

func (c *cluster) newNode() *node {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:"+binary.FreePort(c.t))
	require.NoError(c.t, err)
	socket, err := l.(*net.TCPListener).File()
	require.NoError(c.t, err)
	l.Close() // its copy, socket, stays open
	n := &node{cluster: c, address: l.Addr().String(), socket: socket}
	c.t.Cleanup(n.closeSocket)
	return n
}

func (n *node) closeSocket() {
	if n.socket != nil {
		n.socket.Close()
		n.socket = nil
	}
}

func (c *cluster) environment() []string {
	return binary.Production("HOST=https://"+domain, "DATABASE_URL="+c.databaseURL, "MAILS_PER_CLIENT=10000", c.mail.Variable, c.certificate.Variable())
}

func (n *node) start() {
	n.cluster.t.Helper()
	n.earlierLog = n.log()
	n.process = n.cluster.command()
	if n.release != "" {
		n.process.Path = n.release
	}
	n.process.Env = append(n.process.Env, "PORT="+n.address[strings.LastIndex(n.address, ":")+1:])
	if n.socket != nil {
		n.process.TakeSocket(n.socket)
	}
	n.process.Launch()
}

func (n *node) stop() { n.cluster.t.Helper(); n.process.Stop() }

func (n *node) kill() { n.process.Kill() }

func (n *node) ready() bool { return n.process.Ready() }

func (n *node) log() string {
	if n.process == nil {
		return ""
	}
	return n.earlierLog + n.process.Log()
}

func (n *node) loggedErrors() (list []string) {
	for _, match := range regexp.MustCompile(`"error":"[^"]*"`).FindAllString(n.log(), -1) {
		if !slices.Contains(list, match) {
			list = append(list, match)
		}
	}
	return list
}
