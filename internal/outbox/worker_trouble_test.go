package outbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
)

// panicking panics at one recipient.
type panicking struct{ mail.Sender }

func (e panicking) Send(m mail.Message) error {
	if m.To[0] == "panic@example.com" {
		panic("boom")
	}
	return e.Sender.Send(m)
}

// A failed attempt records its cause, schedules the next one and blocks no other mail.
func TestWorker_FailedMailsBlockNoOther(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	w, log := idle(q, panicking{sender(s)})
	poison := map[string]outbox.Mail{
		"panic: boom":                     {Recipient: "panic@example.com", Template: "notice"},
		"no mail is named nonsense":       {Recipient: "template@example.com", Template: "nonsense"},
		"unexpected end of JSON input":    {Recipient: "data@example.com", Template: "notice", Data: "{"},
		"was its secret retired?":         {Recipient: "token@example.com", Template: "link", SealedToken: []byte("sealed with another secret than ours")},
		"a sealed token cannot be opened": {Recipient: "short@example.com", Template: "link", SealedToken: []byte("x")},
	}
	for _, m := range poison {
		put(t, m)
	}
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	w.DeliverAll(t.Context())
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
	for cause, m := range poison {
		m := mailTo(t, m.Recipient)
		require.Contains(t, m.LastError, cause)
		require.False(t, m.DeliveredAt.Valid)
	}
	require.Contains(t, log.logged(t, "panic: boom"), "worker_trouble_test.go", "the log says where")
}

// A mail that crashes the process at every attempt is given up, and others are
// delivered: a killed worker leaves a lease that expires.
func TestWorker_GivesUpACrashingMail(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	w, log := idle(q, sender(s))
	add(t, q, "kill@example.com")
	for range 6 {
		claim(t, q)
		require.False(t, mailTo(t, "kill@example.com").GivenUpAt.Valid)
		moveClock(2 * time.Minute)
	}
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	w.DeliverAll(t.Context())
	m := mailTo(t, "kill@example.com")
	require.True(t, m.GivenUpAt.Valid)
	require.False(t, m.DueAt.Valid || m.DeliveredAt.Valid)
	require.Contains(t, m.LastError, "every attempt was broken off")
	require.Empty(t, m.SealedToken)
	log.logged(t, "every attempt was broken off")
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
	require.Empty(t, s.Arrived)
}

// A worker survives an unavailable database.
func TestWorker_SurvivesTheDatabase(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	require.NoError(t, db.RawQuery("ALTER TABLE mails RENAME TO mails_away").Exec())
	_, log := start(t, q, s, time.Millisecond)
	log.logged(t, "mail cannot be claimed")
	require.NoError(t, db.RawQuery("ALTER TABLE mails_away RENAME TO mails").Exec())
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
}

// A mail whose delivery cannot be recorded is delivered again.
func TestWorker_DeliversAgainIfItCannotBeRecorded(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	w, log := idle(q, breaking{sender(s)})
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	w.DeliverAll(t.Context())
	log.logged(t, "mail outcome cannot be recorded")
	first := s.Next()
	require.NoError(t, db.RawQuery("ALTER TABLE mails_away RENAME TO mails").Exec())
	w, _ = idle(q, sender(s))
	moveClock(2 * time.Minute)
	w.DeliverAll(t.Context())
	again := s.Next()
	require.Equal(t, smtptest.Parse(t, first).Header.Get("Message-Id"), smtptest.Parse(t, again).Header.Get("Message-Id"), "so that mail programs show it once")
}

// breaking drops the table after the delivery.
type breaking struct{ mail.Sender }

func (b breaking) Send(m mail.Message) error {
	return errors.Join(b.Sender.Send(m), db.RawQuery("ALTER TABLE mails RENAME TO mails_away").Exec())
}

// Whatever fails in the mail server, queueing succeeds, and the mail arrives once
// the server works.
func TestWorker_DeliversOnceTheServerWorks(t *testing.T) {
	for name, trouble := range map[string]struct {
		ail    func(s *smtptest.Server, over chan struct{})
		reason string
	}{
		"slow": {func(s *smtptest.Server, over chan struct{}) {
			s.OnData = func(smtptest.Received) error { <-over; return nil }
		}, outbox.ErrSlow.Error()},
		"refusing": {func(s *smtptest.Server, _ chan struct{}) {
			s.OnRcpt = func(string) error { return errors.New("not today") }
		}, "not today"},
		"no TLS": {func(s *smtptest.Server, _ chan struct{}) { s.TLS = nil }, "STARTTLS"},
		"certificate": {func(s *smtptest.Server, _ chan struct{}) {
			s.TLS = smtptest.NewAuthority(t).Certify("127.0.0.1", time.Now().Add(time.Hour))
		}, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			q, over := newQueue(t), make(chan struct{})
			ailing := smtptest.New(t, func(s *smtptest.Server) { trouble.ail(s, over) })
			t.Cleanup(func() { close(over) })
			smtp := sender(ailing)
			if name == "slow" {
				smtp = hasty(ailing)
			}
			w, _ := idle(q, smtp)
			add(t, q, "zoe@example.com")
			w.DeliverAll(t.Context())
			m := mailTo(t, "zoe@example.com")
			require.Contains(t, m.LastError, trouble.reason)
			require.False(t, m.DeliveredAt.Valid)

			well := smtptest.New(t)
			w, _ = idle(q, sender(well))
			moveClock(time.Minute)
			w.DeliverAll(t.Context())
			require.Equal(t, "Token: "+rawToken, smtptest.Parse(t, well.Next()).Text)
		})
	}
}
