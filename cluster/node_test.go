package cluster

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"syscall"

	"github.com/stretchr/testify/require"

	"corral/config/configtest"
)

const secret = "c0f1e2d3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f"

// node is a machine on which the app runs. Its socket is held as systemd does:
// while no process runs, who connects waits.
type node struct {
	cluster *cluster
	address string
	socket  *os.File // nil: the process takes the port by itself
	process *exec.Cmd
	said    *bytes.Buffer // what it printed, which is its log
}

func (c *cluster) newNode() *node {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:"+configtest.FreePort(c.t))
	require.NoError(c.t, err)
	socket, err := l.(*net.TCPListener).File()
	require.NoError(c.t, err)
	l.Close() // the copy stays open
	n := &node{cluster: c, address: l.Addr().String(), socket: socket}
	c.t.Cleanup(func() { n.kill(); n.closeSocket() })
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
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.t.TempDir(), "GO_ENV=production",
		"HOST=https://" + domain, "TRUSTED_PROXIES=127.0.0.1/32", "SESSION_SECRET=" + secret,
		"DATABASE_URL=" + c.postgres.url("postgres"), c.mail.url(), c.certificate.variable()}
}

// start starts the process and does not wait.
func (n *node) start() {
	n.cluster.t.Helper()
	if n.said == nil {
		n.said = &bytes.Buffer{}
	}
	n.process = exec.Command(n.cluster.binary)
	n.process.Env = append(n.cluster.environment(), "ADDR=127.0.0.1", "PORT="+port(n.address))
	if n.socket != nil {
		// A process cannot know its number before it runs: a shell tells it, and becomes it.
		n.process = exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0"`, n.cluster.binary)
		n.process.Env, n.process.ExtraFiles = n.cluster.environment(), []*os.File{n.socket}
	}
	n.process.Dir, n.process.Stderr, n.process.Stdout = n.cluster.t.TempDir(), n.said, n.said
	require.NoError(n.cluster.t, n.process.Start())
}

// stop ends the process as an update does, and waits for its last answer.
func (n *node) stop() {
	n.cluster.t.Helper()
	require.NoError(n.cluster.t, n.process.Process.Signal(syscall.SIGTERM))
	require.NoError(n.cluster.t, n.process.Wait(), n.said.String())
}

// kill ends the process as a crash does.
func (n *node) kill() {
	if n.process != nil && n.process.ProcessState == nil {
		n.process.Process.Kill()
		n.process.Wait()
	}
}

// troubles are the different errors in its log.
func (n *node) troubles() (list []string) {
	for _, match := range regexp.MustCompile(`"error":"[^"]*"`).FindAllString(n.said.String(), -1) {
		if !slices.Contains(list, match) {
			list = append(list, match)
		}
	}
	return list
}

// ready asks as a load balancer does.
func (n *node) ready() bool {
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request("GET", "http://"+n.address+"/readyz", nil))
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}
