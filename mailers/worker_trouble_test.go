package mailers

import (
	"errors"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// explosive panics at one recipient.
type explosive struct{ mail.Sender }

func (e explosive) Send(m mail.Message) error {
	if m.To[0] == "panic@example.com" {
		panic("boom")
	}
	return e.Sender.Send(m)
}

// A mail that cannot be sent is put off with its reason, and blocks no other.
func TestWorker_PoisonousMails(t *testing.T) {
	modelstest.Empty(t)
	s := newServer(t)
	w, log := idle(s.config())
	w.sender = explosive{w.sender}
	poison := map[string]models.Mail{
		"panic: boom":                     {Recipient: "panic@example.com", Template: models.MailPasswordChanged},
		"no mail is named nonsense":       {Recipient: "template@example.com", Template: "nonsense"},
		"unexpected end of JSON input":    {Recipient: "data@example.com", Template: models.MailPasswordChanged, Data: "{"},
		"was its secret retired?":         {Recipient: "token@example.com", Template: models.MailEmailChanged, SealedToken: []byte("sealed with another secret than ours")},
		"a sealed token cannot be opened": {Recipient: "short@example.com", Template: models.MailEmailConfirm, SealedToken: []byte("x")},
	}
	for _, m := range poison {
		put(t, m)
	}
	put(t, models.Mail{Recipient: "zoe@example.com", Template: models.MailPasswordChanged})
	w.sendAll(t.Context())
	require.Equal(t, "zoe@example.com", s.next().to)
	for reason, m := range poison {
		m = mailTo(t, m.Recipient)
		require.Contains(t, m.LastError, reason)
		require.False(t, m.SentAt.Valid)
	}
	require.Contains(t, log.logged(t, "panic: boom"), "worker_trouble_test.go", "the log says where")
}

// A mail that takes the process with it at every try is given up too, and the
// others are sent: what a killed worker leaves is a lease that ends.
func TestWorker_DeadlyMail(t *testing.T) {
	modelstest.Empty(t)
	s := newServer(t)
	w, log := idle(s.config())
	ask(t, "kill@example.com")
	for range 6 {
		_, err := models.ClaimMail(t.Context())
		require.NoError(t, err)
		require.False(t, mailTo(t, "kill@example.com").FailedAt.Valid)
		models.Clock.Move(2 * time.Minute)
	}
	put(t, models.Mail{Recipient: "zoe@example.com", Template: models.MailPasswordChanged})
	w.sendAll(t.Context())
	m := mailTo(t, "kill@example.com")
	require.True(t, m.FailedAt.Valid)
	require.False(t, m.DueAt.Valid || m.SentAt.Valid)
	require.Contains(t, m.LastError, "every try was broken off")
	require.Empty(t, m.SealedToken)
	log.logged(t, "every try was broken off")
	require.Equal(t, "zoe@example.com", s.next().to)
	require.Empty(t, s.arrived)
}

// The database being away for a while stops no worker.
func TestWorker_SurvivesTheDatabase(t *testing.T) {
	modelstest.Empty(t)
	drain()
	look(t, time.Millisecond)
	require.NoError(t, models.DB.RawQuery("ALTER TABLE mails RENAME TO mails_away").Exec())
	s := newServer(t)
	_, log := start(t, s.config())
	log.logged(t, "mail cannot be claimed")
	require.NoError(t, models.DB.RawQuery("ALTER TABLE mails_away RENAME TO mails").Exec())
	put(t, models.Mail{Recipient: "zoe@example.com", Template: models.MailPasswordChanged})
	require.Equal(t, "zoe@example.com", s.next().to)
}

// Nor does it lose a mail whose outcome could not be noted: that is sent again.
func TestWorker_OutcomeCannotBeNoted(t *testing.T) {
	modelstest.Empty(t)
	s := newServer(t)
	w, log := idle(s.config())
	w.sender = breaking{w.sender}
	put(t, models.Mail{Recipient: "zoe@example.com", Template: models.MailPasswordChanged})
	w.sendAll(t.Context())
	log.logged(t, "mail outcome cannot be noted")
	first := s.next()
	require.NoError(t, models.DB.RawQuery("ALTER TABLE mails_away RENAME TO mails").Exec())
	w.sender = newSMTP(s.config())
	models.Clock.Move(2 * time.Minute)
	w.sendAll(t.Context())
	again := s.next()
	require.Equal(t, parse(t, first).header.Get("Message-Id"), parse(t, again).header.Get("Message-Id"), "so that mail programs show it once")
}

// breaking takes the table away once the mail has left.
type breaking struct{ mail.Sender }

func (b breaking) Send(m mail.Message) error {
	return errors.Join(b.Sender.Send(m), models.DB.RawQuery("ALTER TABLE mails RENAME TO mails_away").Exec())
}

// Whatever ails the mail server, the request that asks for a mail never meets
// it, and the mail arrives once the server is well again.
func TestWorker_MailArrivesLater(t *testing.T) {
	for name, trouble := range map[string]struct {
		ail    func(s *server, over chan struct{})
		reason string
	}{
		"slow":     {func(s *server, over chan struct{}) { s.onData = func(received) error { <-over; return nil } }, errSlow.Error()},
		"refusing": {func(s *server, _ chan struct{}) { s.onRcpt = func(string) error { return errors.New("not today") } }, "not today"},
		"no TLS":   {func(s *server, _ chan struct{}) { s.tls = nil }, "STARTTLS"},
		"certificate": {func(s *server, _ chan struct{}) {
			s.tls = newAuthority(t).certify("127.0.0.1", time.Now().Add(time.Hour))
		}, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			modelstest.Empty(t)
			over := make(chan struct{})
			ailing := newServer(t, func(s *server) { trouble.ail(s, over) })
			t.Cleanup(func() { close(over) })
			w, _ := idle(ailing.config())
			ask(t, "zoe@example.com")
			if name == "slow" {
				hurry(t)
				w, _ = idle(ailing.config())
			}
			w.sendAll(t.Context())
			m := mailTo(t, "zoe@example.com")
			require.Contains(t, m.LastError, trouble.reason)
			require.False(t, m.SentAt.Valid)

			well := newServer(t)
			w, _ = idle(well.config())
			models.Clock.Move(time.Minute)
			w.sendAll(t.Context())
			requireMail(t, well.next(), "zoe@example.com", "Choose your password")
		})
	}
}
