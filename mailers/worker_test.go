package mailers

import (
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/gobuffalo/nulls"
	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// look makes workers look of themselves that often.
func look(t *testing.T, every time.Duration) {
	usual := lookEvery
	t.Cleanup(func() { lookEvery = usual })
	lookEvery = every
}

// drain forgets the wake-ups of other tests.
func drain() {
	for {
		select {
		case <-models.MailQueued():
		default:
			return
		}
	}
}

// put writes a mail into the outbox without waking anybody, as another process does.
func put(t testing.TB, m models.Mail) {
	t.Helper()
	m.CreatedAt, m.DueAt = models.Clock.Now(), nulls.NewTime(models.Clock.Now())
	if m.Data == "" {
		m.Data = "{}"
	}
	require.NoError(t, models.DB.Create(&m))
}

// logged waits for a record with the text.
func (r records) logged(t testing.TB, text string) string {
	t.Helper()
	for {
		if record := await(t, r); strings.Contains(record, text) {
			return record
		}
	}
}

// A request wakes the worker: it would look by itself in an hour.
func TestWorker_SendsAtOnce(t *testing.T) {
	modelstest.Empty(t)
	look(t, time.Hour)
	s := newServer(t)
	_, log := start(t, s.config())
	for _, email := range []string{"zoe@example.com", "bea@example.com", "dan@example.com"} {
		ask(t, email)
		require.Equal(t, email, s.next().to)
		log.logged(t, "mail sent")
	}
}

// What another process has queued, and what is due again, is found by looking.
func TestWorker_Looks(t *testing.T) {
	modelstest.Empty(t)
	look(t, time.Millisecond)
	s := newServer(t)
	start(t, s.config())
	put(t, models.Mail{Recipient: "zoe@example.com", Template: models.MailPasswordChanged})
	require.Equal(t, "zoe@example.com", s.next().to)
}

// Six tries in nine hours, then the mail is kept, with the reason and without its token.
func TestWorker_Retries(t *testing.T) {
	modelstest.Empty(t)
	tries := 0
	s := newServer(t, func(s *server) {
		s.onRcpt = func(string) error {
			tries++
			return &gosmtp.SMTPError{Code: 450, Message: "zoe@example.com is on holiday"}
		}
	})
	w, log := idle(s.config())
	ask(t, "zoe@example.com")
	for n, wait := range []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour} {
		w.sendAll(t.Context())
		require.Equal(t, n+1, tries)
		m := mailTo(t, "zoe@example.com")
		require.Contains(t, m.LastError, "450")
		require.Contains(t, m.LastError, "is on holiday")
		require.NotEmpty(t, m.SealedToken)
		models.Clock.Move(wait - time.Second)
		w.sendAll(t.Context())
		require.Equal(t, n+1, tries, "not before its time")
		models.Clock.Move(time.Second)
	}
	require.False(t, mailTo(t, "zoe@example.com").FailedAt.Valid)
	w.sendAll(t.Context())
	m := mailTo(t, "zoe@example.com")
	require.True(t, m.FailedAt.Valid)
	require.False(t, m.DueAt.Valid || m.SentAt.Valid)
	require.Contains(t, m.LastError, "450")
	require.Empty(t, m.SealedToken)
	models.Clock.Move(365 * 24 * time.Hour)
	w.sendAll(t.Context())
	require.Equal(t, 6, tries)
	for range len(log) {
		require.NotContains(t, <-log, "zoe@example.com", "the log names nobody")
	}
}

// A server that was down for a while: the mail arrives later, once, and its link works.
func TestWorker_ServerComesBack(t *testing.T) {
	modelstest.Empty(t)
	s := newServer(t)
	c := s.config()
	good := *c.SMTP
	c.SMTP.Host = "127.0.0.1:1"
	w, _ := idle(c)
	ask(t, "zoe@example.com")
	w.sendAll(t.Context())
	require.Contains(t, mailTo(t, "zoe@example.com").LastError, "connection refused")
	c.SMTP = &good
	w, _ = idle(c)
	models.Clock.Move(time.Minute)
	w.sendAll(t.Context())
	w.sendAll(t.Context())
	link := requireMail(t, s.next(), "zoe@example.com", "Choose your password").link(t)
	email, err := models.FindSignupEmail(t.Context(), strings.TrimPrefix(link, "https://corral.example/signup/"))
	require.NoError(t, err)
	require.Equal(t, "zoe@example.com", email)
	require.Empty(t, s.arrived)
	m := mailTo(t, "zoe@example.com")
	require.True(t, m.SentAt.Valid)
	require.Empty(t, m.LastError)
	require.Empty(t, m.SealedToken, "wiped once sent")
}

// A stop lets the mail at hand be sent, and leaves the others to the next start.
func TestWorker_StopFinishesTheMailAtHand(t *testing.T) {
	modelstest.Empty(t)
	drain()
	look(t, time.Hour)
	entered, leave := make(chan struct{}), make(chan struct{})
	s := newServer(t, func(s *server) {
		s.onData = func(received) error { entered <- struct{}{}; <-leave; return nil }
	})
	ask(t, "zoe@example.com", "bea@example.com")
	w := Start(s.config(), newRecords().logger())
	await(t, entered)
	w.cancel()
	close(leave)
	w.Stop()
	require.Equal(t, "zoe@example.com", s.next().to)
	require.True(t, mailTo(t, "zoe@example.com").SentAt.Valid)
	require.Zero(t, mailTo(t, "bea@example.com").Attempts)
	require.Empty(t, s.arrived)
}

func TestWorker_StopWithoutServer(t *testing.T) {
	c := newServer(t).config()
	c.SMTP = nil
	Start(c, newRecords().logger()).Stop()
}

// Nobody is told whether an address has an account, but for its owner.
func TestWorker_ResetForUnknownAddress(t *testing.T) {
	modelstest.Empty(t)
	s := newServer(t)
	w, log := idle(s.config())
	require.NoError(t, models.RequestReset(t.Context(), "nobody@example.com", "", models.Origin{}))
	w.sendAll(t.Context())
	require.Empty(t, s.arrived)
	require.Empty(t, log)
	m := mailTo(t, "nobody@example.com")
	require.True(t, m.SentAt.Valid)
	require.False(t, m.DueAt.Valid)
	require.Empty(t, m.SealedToken)
}
