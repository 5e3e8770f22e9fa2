package mailers

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

// Variables of a process that is this test binary, run as a number of workers
// on a database of somebody else.
const (
	workersVariable  = "CORRAL_TEST_WORKERS"
	databaseVariable = "CORRAL_TEST_DATABASE"
)

// runWorkers sends mails until standard input ends.
func runWorkers() {
	count, _ := strconv.Atoi(os.Getenv(workersVariable))
	c := config.MustCurrent()
	c.DatabaseURL = os.Getenv(databaseVariable)
	if err := models.Connect(c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var workers []*Worker
	for range count {
		workers = append(workers, Start(c, newRecords().logger()))
	}
	io.Copy(io.Discard, os.Stdin)
	for _, w := range workers {
		w.Stop()
	}
}

// node is another process with workers on this process's database.
type node struct {
	*exec.Cmd
	stdin io.Closer
}

func startNode(t *testing.T, s *server, workers int) *node {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	c := s.config()
	details := models.DB.Dialect.Details()
	databaseURL := details.URL
	if models.DB.Dialect.Name() != "postgres" {
		databaseURL = "sqlite3://" + details.Database
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), fmt.Sprint(workersVariable, "=", workers), databaseVariable+"="+databaseURL,
		"SESSION_SECRET="+c.SessionSecrets[0], "SMTP_URL="+c.SMTP.String(), "SSL_CERT_FILE="+s.authority.file())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return &node{cmd, stdin}
}

// stop lets its workers finish.
func (n *node) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, n.stdin.Close())
	require.NoError(t, n.Wait())
}

// queueMany queues mails to as many people.
func queueMany(t *testing.T, count int) {
	t.Helper()
	modelstest.Empty(t)
	for n := range count {
		put(t, models.Mail{Recipient: fmt.Sprintf("person%d@example.com", n), Template: models.MailPasswordChanged})
	}
}

// requireEachOnce checks that everybody got a mail, at the first try, and nobody two.
func requireEachOnce(t *testing.T, s *server, count int) {
	t.Helper()
	require.Len(t, s.arrived, count)
	recipients := map[string]bool{}
	for range count {
		recipients[(<-s.arrived).to] = true
	}
	require.Len(t, recipients, count)
	sent, err := models.DB.Where("sent_at IS NOT NULL AND attempts = 1").Count(&models.Mail{})
	require.NoError(t, err)
	require.Equal(t, count, sent)
}

// gate lets mails in and tells when there were enough.
type gate struct {
	left int
	lock sync.Mutex
	all  chan struct{}
}

func newGate(count int) *gate { return &gate{left: count, all: make(chan struct{})} }

func (g *gate) pass(received) error {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.left--; g.left == 0 {
		close(g.all)
	}
	return nil
}

func TestWorker_FourInAProcess(t *testing.T) {
	const count = 200
	queueMany(t, count)
	gate := newGate(count)
	s := newServer(t, func(s *server) { s.onData = gate.pass })
	var workers []*Worker
	for range 4 {
		w, _ := start(t, s.config())
		workers = append(workers, w)
	}
	await(t, gate.all)
	for _, w := range workers {
		w.Stop()
	}
	requireEachOnce(t, s, count)
}

func TestWorker_FourInTwoProcesses(t *testing.T) {
	const count = 200
	queueMany(t, count)
	gate := newGate(count)
	s := newServer(t, func(s *server) { s.onData = gate.pass })
	nodes := []*node{startNode(t, s, 2), startNode(t, s, 2)}
	await(t, gate.all)
	for _, n := range nodes {
		n.stop(t)
	}
	requireEachOnce(t, s, count)
}

// A mail whose worker was killed is sent by another, when its lease is over and not before.
func TestWorker_KilledMidWay(t *testing.T) {
	queueMany(t, 1)
	entered, killed := make(chan struct{}), make(chan struct{})
	var first sync.Once
	s := newServer(t, func(s *server) {
		s.onData = func(received) (err error) {
			first.Do(func() {
				entered <- struct{}{}
				<-killed
				err = errors.New("the client has gone")
			})
			return err
		}
	})
	n := startNode(t, s, 1)
	await(t, entered)
	require.NoError(t, n.Process.Kill())
	n.Wait()
	close(killed)
	w, _ := idle(s.config())
	models.Clock.Move(time.Minute)
	w.sendAll(t.Context())
	require.Empty(t, s.arrived)
	models.Clock.Move(time.Minute)
	w.sendAll(t.Context())
	require.Equal(t, "person0@example.com", s.next().to)
	require.True(t, mailTo(t, "person0@example.com").SentAt.Valid)
}
