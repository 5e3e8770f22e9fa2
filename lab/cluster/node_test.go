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

// node is a machine on which the app runs. Its socket is held as systemd does:
// while no process runs, who connects waits.
type node struct {
	cluster *cluster
	address string
	socket  *os.File        // nil: the process takes the port by itself
	process *binary.Process // the present one, or the last
	past    string          // the log of those before it
}

func (c *cluster) newNode() *node {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:"+binary.FreePort(c.t))
	require.NoError(c.t, err)
	socket, err := l.(*net.TCPListener).File()
	require.NoError(c.t, err)
	l.Close() // the copy stays open
	n := &node{cluster: c, address: l.Addr().String(), socket: socket}
	c.t.Cleanup(n.closeSocket)
	return n
}

// closeSocket is the end of systemd's help.
func (n *node) closeSocket() {
	if n.socket != nil {
		n.socket.Close()
		n.socket = nil
	}
}

// environment is the configuration of every node, but for where it listens.
func (c *cluster) environment() []string {
	return binary.Production("HOST=https://"+domain, "DATABASE_URL="+c.postgres.URL("postgres"), c.mail.Variable, c.certificate.Variable())
}

// start starts the process and does not wait.
func (n *node) start() {
	n.cluster.t.Helper()
	n.past = n.log()
	n.process = n.cluster.command()
	n.process.Env = append(n.process.Env, "PORT="+n.address[strings.LastIndex(n.address, ":")+1:])
	if n.socket != nil {
		n.process.TakeSocket(n.socket)
	}
	n.process.Launch()
}

// stop ends the process as an update does, and waits for its last answer.
func (n *node) stop() { n.cluster.t.Helper(); n.process.Stop() }

// kill ends the process as a crash does.
func (n *node) kill() { n.process.Kill() }

// ready asks as a load balancer does.
func (n *node) ready() bool { return n.process.Ready() }

// log is what all its processes have printed.
func (n *node) log() string {
	if n.process == nil {
		return ""
	}
	return n.past + n.process.Log()
}

// troubles are the different errors in its log.
func (n *node) troubles() (list []string) {
	for _, match := range regexp.MustCompile(`"error":"[^"]*"`).FindAllString(n.log(), -1) {
		if !slices.Contains(list, match) {
			list = append(list, match)
		}
	}
	return list
}
