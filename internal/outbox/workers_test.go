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

// requireEachOnce requires that count mails have arrived, each to another recipient, and
// are recorded as delivered at the first attempt.
func requireEachOnce(t *testing.T, s *smtptest.Server, count int) {
	t.Helper()
	require.Len(t, s.Arrived, count)
	recipients := map[string]bool{}
	for range count {
		recipients[s.Next().To[0]] = true
	}
	require.Len(t, recipients, count)
	delivered, err := db.Where("delivered_at IS NOT NULL AND attempts = 1").Count(&outbox.Mail{})
	require.NoError(t, err)
	require.Equal(t, count, delivered)
}

// countdown closes the channel done when a number of mails has arrived.
type countdown struct {
	lock      sync.Mutex
	remaining int
	done      chan struct{}
}

func newCountdown(count int) *countdown {
	return &countdown{remaining: count, done: make(chan struct{})}
}

func (c *countdown) arrive(smtptest.Received) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.remaining--; c.remaining == 0 {
		close(c.done)
	}
	return nil
}

func TestWorker_FourWorkersDeliverEachMailOnce(t *testing.T) {
	const count = 200
	q, mails := queueMany(t, count), newCountdown(count)
	s := smtptest.New(t, func(s *smtptest.Server) { s.OnData = mails.arrive })
	var workers []*outbox.Worker
	for range 4 {
		w, _ := start(t, q, s, 0)
		workers = append(workers, w)
	}
	smtptest.Await(t, mails.done)
	for _, w := range workers {
		w.Stop()
	}
	requireEachOnce(t, s, count)
}

// newHangingServer starts a server, and a worker that delivers to it. Until the test ends,
// the server does not answer mails whose recipient begins with "hang"; hangs receives a
// value for each of these mails.
func newHangingServer(t *testing.T, q *outbox.Queue, every time.Duration) (s *smtptest.Server, hangs chan bool) {
	t.Helper()
	end, hangs := make(chan struct{}), make(chan bool, 100)
	s = smtptest.New(t, func(s *smtptest.Server) {
		s.OnData = func(m smtptest.Received) error {
			if strings.HasPrefix(m.To[0], "hang") {
				hangs <- true
				<-end
			}
			return nil
		}
	})
	start(t, q, s, every)
	t.Cleanup(func() { close(end) }) // before the worker stops
	return s, hangs
}

// queueHanging queues mails that the server of newHangingServer does not answer.
func queueHanging(t *testing.T, count int, low bool) {
	t.Helper()
	for n := range count {
		put(t, outbox.Mail{Recipient: fmt.Sprintf("hang%d@example.com", n), Template: "notice", LowPriority: low})
	}
}

func TestWorker_HangingDeliveryDoesNotDelayOthers(t *testing.T) {
	q := newQueue(t)
	queueHanging(t, 1, false)
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	s, hangs := newHangingServer(t, q, time.Hour)
	smtptest.Await(t, hangs)
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
}

func TestWorker_DeliversEightConcurrently(t *testing.T) {
	q := newQueue(t)
	queueHanging(t, 3*outbox.MaxDeliveries, false)
	_, hangs := newHangingServer(t, q, time.Millisecond)
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
	queueHanging(t, 3*outbox.MaxDeliveries, true)
	s, hangs := newHangingServer(t, q, time.Hour)
	for range outbox.MaxLowDeliveries {
		smtptest.Await(t, hangs)
	}
	add(t, q, "zoe@example.com")
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
	require.Empty(t, hangs)
}
