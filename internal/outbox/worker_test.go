package outbox_test

import (
	"fmt"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
)

func start(t testing.TB, q *outbox.Queue, s *smtptest.Server, every time.Duration) (*outbox.Worker, records) {
	t.Helper()
	o, log := options(q, sender(s))
	o.Every = every
	w := outbox.Start(o)
	t.Cleanup(w.Stop)
	return w, log
}

func TestWorker_WakeDeliversAtOnce(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	_, log := start(t, q, s, time.Hour)
	for _, email := range []string{"zoe@example.com", "bea@example.com", "dan@example.com"} {
		add(t, q, email)
		require.Equal(t, []string{email}, s.Next().To)
		log.await(t, "mail delivered")
		require.Eventually(t, func() bool { return len(q.Woken()) == 0 }, 10*time.Second, time.Millisecond, "the signal was taken")
	}
}

// The worker finds mails that other processes have queued.
func TestWorker_FindsDueMails(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	start(t, q, s, time.Millisecond)
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
}

// After six attempts in nine hours, the mail is given up. The row keeps the last error,
// but not the token.
func TestWorker_GivesUpAfterSixAttempts(t *testing.T) {
	q, attempts := newQueue(t), 0
	s := smtptest.New(t, func(s *smtptest.Server) {
		s.OnRcpt = func(string) error {
			attempts++
			return &gosmtp.SMTPError{Code: 450, Message: "zoe@example.com is on holiday"}
		}
	})
	w, log := idle(q, sender(s))
	add(t, q, "zoe@example.com")
	for n, wait := range []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour} {
		w.DeliverAll(t.Context())
		require.Equal(t, n+1, attempts)
		m := mailTo(t, "zoe@example.com")
		require.Contains(t, m.LastError, "450")
		require.Contains(t, m.LastError, "is on holiday")
		require.NotEmpty(t, m.SealedToken)
		moveClock(wait - time.Second)
		w.DeliverAll(t.Context())
		require.Equal(t, n+1, attempts, "not before the wait is over")
		moveClock(time.Second)
	}
	require.False(t, mailTo(t, "zoe@example.com").GivenUpAt.Valid)
	w.DeliverAll(t.Context())
	m := mailTo(t, "zoe@example.com")
	require.True(t, m.GivenUpAt.Valid)
	require.False(t, m.DueAt.Valid || m.DeliveredAt.Valid)
	require.Contains(t, m.LastError, "450")
	require.Empty(t, m.SealedToken)
	moveClock(365 * 24 * time.Hour)
	w.DeliverAll(t.Context())
	require.Equal(t, 6, attempts)
	for n := range len(log) {
		level := map[bool]string{false: "WARN", true: "ERROR"}[n == 5]
		line := <-log
		require.NotContains(t, line, "zoe@example.com", "the log names no user")
		require.Regexp(t, fmt.Sprint("level=", level, ` msg="mail not delivered" .*given_up=`, n == 5), line)
	}
}

func TestWorker_DeliversOnceAfterAnOutage(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	good := s.URL.Host
	s.URL.Host = "127.0.0.1:1"
	w, _ := idle(q, sender(s))
	add(t, q, "zoe@example.com")
	w.DeliverAll(t.Context())
	require.Contains(t, mailTo(t, "zoe@example.com").LastError, "connection refused")
	s.URL.Host = good
	w, _ = idle(q, sender(s))
	moveClock(time.Minute)
	w.DeliverAll(t.Context())
	w.DeliverAll(t.Context())
	r := s.Next()
	require.Equal(t, []string{"zoe@example.com"}, r.To)
	require.Equal(t, "Token: "+rawToken, smtptest.Parse(t, r).Text)
	require.Empty(t, s.Arrived)
	m := mailTo(t, "zoe@example.com")
	require.True(t, m.DeliveredAt.Valid)
	require.Empty(t, m.LastError)
	require.Empty(t, m.SealedToken, "removed after the delivery")
}

func TestWorker_StopWaitsForTheCurrentMail(t *testing.T) {
	q := newQueue(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	s := smtptest.New(t, func(s *smtptest.Server) {
		s.OnData = func(smtptest.Received) error { entered <- struct{}{}; <-leave; return nil }
	})
	add(t, q, "zoe@example.com")
	w, _ := start(t, q, s, time.Hour)
	smtptest.Await(t, entered)
	w.Cancel()
	add(t, q, "bea@example.com")
	close(leave)
	w.Stop()
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
	require.True(t, mailTo(t, "zoe@example.com").DeliveredAt.Valid)
	require.Zero(t, mailTo(t, "bea@example.com").Attempts)
	require.Empty(t, s.Arrived)
}

func TestWorker_WithoutSenderDeliversNothing(t *testing.T) {
	q := newQueue(t)
	add(t, q, "zoe@example.com")
	o, _ := options(q, nil)
	outbox.Start(o).Stop()
	require.Zero(t, mailTo(t, "zoe@example.com").Attempts)
}

// The mail counts as delivered. The log says that it was dropped.
func TestWorker_NothingToSend(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	w, log := idle(q, sender(s))
	require.NoError(t, q.Add(db, outbox.Mail{Recipient: "nobody@example.com", Template: "nobody", Data: "{}"}, rawToken))
	w.DeliverAll(t.Context())
	require.Empty(t, s.Arrived)
	m := mailTo(t, "nobody@example.com")
	require.Len(t, log, 1)
	require.Regexp(t, `level=INFO msg="mail dropped" mail_id=`+m.ID.String()+` template=nobody\n$`, <-log)
	require.True(t, m.DeliveredAt.Valid)
	require.False(t, m.DueAt.Valid)
	require.Empty(t, m.SealedToken)
}
