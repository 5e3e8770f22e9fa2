package outbox_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
)

// queueMany queues mails to as many recipients.
func queueMany(t *testing.T, count int) *outbox.Queue {
	t.Helper()
	q := newQueue(t)
	for n := range count {
		put(t, outbox.Mail{Recipient: fmt.Sprintf("user%d@example.com", n), Template: "notice"})
	}
	return q
}

// requireEachOnce checks that each recipient got one mail, at the first attempt.
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

// gate waits for a number of mails.
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

// Of several workers, one delivers each mail.
func TestWorker_FourAtOnceDeliverEachMailOnce(t *testing.T) {
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
