package outbox_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
)

// queueMany queues count mails, each to another recipient.
func queueMany(t *testing.T, count int) *outbox.Queue {
	t.Helper()
	q := newQueue(t)
	for n := range count {
		put(t, outbox.Mail{Recipient: fmt.Sprintf("user%d@example.com", n), Template: "notice"})
	}
	return q
}

func requireEachOnce(t *testing.T, s *smtptest.Server, count int) {
	t.Helper()
	require.Len(t, s.Arrived, count)
	recipients := map[string]bool{}
	for range count {
		recipients[s.Next().To[0]] = true
	}
	require.Len(t, recipients, count)
	sent, err := db.Where("delivered_at IS NOT NULL AND attempts = 1").Count(&outbox.Mail{})
	require.NoError(t, err)
	require.Equal(t, count, sent)
}

// gate closes the channel all when a number of mails has arrived.
type gate struct {
	left int
	lock sync.Mutex
	all  chan struct{}
}

func newGate(count int) *gate { return &gate{left: count, all: make(chan struct{})} }

func (g *gate) pass(smtptest.Received) error {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.left--; g.left == 0 {
		close(g.all)
	}
	return nil
}

func TestWorker_FourWorkersDeliverEachMailOnce(t *testing.T) {
	const count = 200
	q, gate := queueMany(t, count), newGate(count)
	s := smtptest.New(t, func(s *smtptest.Server) { s.OnData = gate.pass })
	var workers []*outbox.Worker
	for range 4 {
		w, _ := start(t, q, s, 0)
		workers = append(workers, w)
	}
	smtptest.Await(t, gate.all)
	for _, w := range workers {
		w.Stop()
	}
	requireEachOnce(t, s, count)
}

// hanging starts a worker and a server. The server does not answer mails whose recipient
// begins with "hang" until the test ends. The channel hangs receives a value for each of
// them.
func hanging(t *testing.T, q *outbox.Queue, every time.Duration) (s *smtptest.Server, hangs chan bool) {
	t.Helper()
	over, hangs := make(chan struct{}), make(chan bool, 100)
	s = smtptest.New(t, func(s *smtptest.Server) {
		s.OnData = func(m smtptest.Received) error {
			if strings.HasPrefix(m.To[0], "hang") {
				hangs <- true
				<-over
			}
			return nil
		}
	})
	start(t, q, s, every)
	t.Cleanup(func() { close(over) }) // before the worker stops
	return s, hangs
}

// hang queues mails that the server of hanging does not answer.
func hang(t *testing.T, count int, low bool) {
	t.Helper()
	for n := range count {
		put(t, outbox.Mail{Recipient: fmt.Sprintf("hang%d@example.com", n), Template: "notice", LowPriority: low})
	}
}

func TestWorker_HangingDelivery(t *testing.T) {
	q := newQueue(t)
	hang(t, 1, false)
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	s, hangs := hanging(t, q, time.Hour)
	smtptest.Await(t, hangs)
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
}

func TestWorker_DeliversEightConcurrently(t *testing.T) {
	q := newQueue(t)
	hang(t, 3*outbox.MaxDeliveries, false)
	_, hangs := hanging(t, q, time.Millisecond)
	for range outbox.MaxDeliveries {
		smtptest.Await(t, hangs)
	}
	for range 5 { // the worker looks for more mails, which it must not start
		q.Wake()
		require.Eventually(t, func() bool { return len(q.Woken()) == 0 }, time.Minute, time.Millisecond)
	}
	claimed, err := db.Where("attempts = 1").Count(&outbox.Mail{})
	require.NoError(t, err)
	require.Equal(t, outbox.MaxDeliveries, claimed)
	require.Empty(t, hangs)
}

func TestWorker_LowPriorityDoesNotDelayOthers(t *testing.T) {
	q := newQueue(t)
	hang(t, 3*outbox.MaxDeliveries, true)
	s, hangs := hanging(t, q, time.Hour)
	for range outbox.MaxLowDeliveries {
		smtptest.Await(t, hangs)
	}
	add(t, q, "zoe@example.com")
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
	require.Empty(t, hangs)
}
