package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/gobuffalo/buffalo/mail"
	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
)

// panickingSender panics for one recipient.
type panickingSender struct{ mail.Sender }

func (p panickingSender) Send(m mail.Message) error {
	if m.To[0] == "panic@example.com" {
		panic("boom")
	}
	return p.Sender.Send(m)
}

// The error of a mail is recorded in its row.
func TestWorker_FailedMailsDoNotBlockOthers(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	w, log := idle(q, panickingSender{sender(s)})
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
		require.True(t, m.DueAt.Valid && !m.GivenUpAt.Valid, "a restart may bring the secret or the template")
	}
	require.Contains(t, log.await(t, "panic: boom"), "worker_trouble_test.go", "the log has the stack")
}

// An operator may add a secret, and run a task that queues a mail, before the app restarts.
func TestWorker_DeliversOnceTheSecretIsKnown(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	add(t, q, "zoe@example.com")
	o := queueOptions
	o.Open = func([]byte) ([]byte, error) { return nil, errors.New("its secret is unknown") }
	w, _ := idle(outbox.NewQueue(o), sender(s))
	w.DeliverAll(t.Context())
	require.Contains(t, mailTo(t, "zoe@example.com").LastError, "its secret is unknown")
	moveClock(time.Minute)
	w, _ = idle(q, sender(s))
	w.DeliverAll(t.Context())
	require.Equal(t, "Token: "+rawToken, smtptest.Parse(t, s.Next()).Text)
}

// A mail that kills each worker is claimed again when the lease of the worker expires.
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
	require.Contains(t, m.LastError, "the last attempt was broken off")
	require.Empty(t, m.SealedToken)
	log.await(t, "the last attempt was broken off")
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
	require.Empty(t, s.Arrived)
}

func TestWorker_SurvivesDatabaseErrors(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	require.NoError(t, db.RawQuery("ALTER TABLE mails RENAME TO mails_away").Exec())
	_, log := start(t, q, s, time.Millisecond)
	log.await(t, "mail cannot be claimed")
	require.NoError(t, db.RawQuery("ALTER TABLE mails_away RENAME TO mails").Exec())
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
}

// The log names the cause once each time that the worker looks.
func TestWorker_ClaimsNothingUnlessReady(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	o, log := options(q, sender(s))
	notReady := errors.New("the clocks are 2m0s apart")
	o.Ready = func(context.Context) error { return notReady }
	w := outbox.Idle(o)
	add(t, q, "zoe@example.com", "bea@example.com")
	w.DeliverAll(t.Context())
	require.Zero(t, mailTo(t, "zoe@example.com").Attempts)
	require.Len(t, log, 1)
	require.Contains(t, <-log, `msg="mail cannot be claimed" error="the clocks are 2m0s apart"`)
	notReady = nil
	w.DeliverAll(t.Context())
	require.ElementsMatch(t, []string{"zoe@example.com", "bea@example.com"}, []string{s.Next().To[0], s.Next().To[0]})
}

func TestWorker_DeliversAgainIfTheOutcomeCannotBeRecorded(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	w, log := idle(q, tableHider{sender(s)})
	w.RecordFor(0)
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	w.DeliverAll(t.Context())
	log.await(t, "mail outcome cannot be recorded")
	first := s.Next()
	require.NoError(t, db.RawQuery("ALTER TABLE mails_away RENAME TO mails").Exec())
	w, _ = idle(q, sender(s))
	moveClock(2 * time.Minute)
	w.DeliverAll(t.Context())
	again := s.Next()
	require.Equal(t, smtptest.Parse(t, first).Header.Get("Message-Id"), smtptest.Parse(t, again).Header.Get("Message-Id"), "so that mail programs show it once")
}

// A mail is not sent after its lease, when another worker may have sent it. The margins are
// for the mail server and for recording the outcome.
func TestWorker_ComposesWithinTheLease(t *testing.T) {
	q, s := newQueue(t), smtptest.New(t)
	o, _ := options(q, sender(s))
	start := time.Now()
	o.Compose = func(ctx context.Context, m *outbox.Mail) (mail.Message, error) {
		deadline, limited := ctx.Deadline()
		require.True(t, limited)
		require.LessOrEqual(t, deadline, time.Now().Add(outbox.Lease-45*time.Second))
		require.Greater(t, deadline, start.Add(time.Minute))
		return compose(q)(ctx, m)
	}
	put(t, outbox.Mail{Recipient: "zoe@example.com", Template: "notice"})
	outbox.Idle(o).DeliverAll(t.Context())
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)

	o.Compose = func(ctx context.Context, m *outbox.Mail) (mail.Message, error) {
		<-ctx.Done()
		return compose(q)(context.WithoutCancel(ctx), m)
	}
	put(t, outbox.Mail{Recipient: "late@example.com", Template: "notice"})
	w := outbox.Idle(o)
	w.ComposeFor(time.Millisecond)
	w.DeliverAll(t.Context())
	require.Empty(t, s.Arrived)
	m := mailTo(t, "late@example.com")
	require.Equal(t, context.DeadlineExceeded.Error(), m.LastError)
	require.False(t, m.DeliveredAt.Valid)
}

// tableHider renames the table after it has delivered, so that the outcome cannot be
// recorded.
type tableHider struct{ mail.Sender }

func (h tableHider) Send(m mail.Message) error {
	return errors.Join(h.Sender.Send(m), db.RawQuery("ALTER TABLE mails RENAME TO mails_away").Exec())
}

// Mails can be queued while the mail server fails.
func TestWorker_DeliversAfterTheServerWorksAgain(t *testing.T) {
	for name, trouble := range map[string]struct {
		cause  func(s *smtptest.Server, end chan struct{})
		reason string
	}{
		"slow": {func(s *smtptest.Server, end chan struct{}) {
			s.OnData = func(smtptest.Received) error { <-end; return nil }
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
			q, end := newQueue(t), make(chan struct{})
			failing := smtptest.New(t, func(s *smtptest.Server) { trouble.cause(s, end) })
			t.Cleanup(func() { close(end) })
			smtp := sender(failing)
			if name == "slow" {
				smtp = impatient(failing)
			}
			w, _ := idle(q, smtp)
			add(t, q, "zoe@example.com")
			w.DeliverAll(t.Context())
			m := mailTo(t, "zoe@example.com")
			require.Contains(t, m.LastError, trouble.reason)
			require.False(t, m.DeliveredAt.Valid)

			working := smtptest.New(t)
			w, _ = idle(q, sender(working))
			moveClock(time.Minute)
			w.DeliverAll(t.Context())
			require.Equal(t, "Token: "+rawToken, smtptest.Parse(t, working.Next()).Text)
		})
	}
}

// Recording the outcome fails at first. The mail must not be delivered twice.
func TestWorker_RecordsTheOutcomeLater(t *testing.T) {
	const never = 1 << 20
	var statementsLeft atomic.Int64 // until the column exists again
	statementsLeft.Store(never)
	s := smtptest.New(t)
	newQueue(t)
	o := queueOptions
	o.Now = func() time.Time { // called before each statement
		if statementsLeft.Add(-1) == 0 {
			require.NoError(t, db.RawQuery("ALTER TABLE mails RENAME COLUMN renamed TO delivered_at").Exec())
		}
		return now()
	}
	q := outbox.NewQueue(o)
	w, log := idle(q, senderFunc(func(m mail.Message) error {
		require.NoError(t, sender(s).Send(m))
		require.NoError(t, db.RawQuery("ALTER TABLE mails RENAME COLUMN delivered_at TO renamed").Exec())
		statementsLeft.Store(5) // including the worker's next claim
		return nil
	}))
	add(t, q, "zoe@example.com")
	w.DeliverAll(t.Context())
	log.await(t, "mail delivered")
	for len(log) > 0 { // errors of claims, while the column was missing
		require.NotContains(t, <-log, "delivered\"", "the mail is delivered once")
	}
	require.Less(t, statementsLeft.Load(), int64(1), "the worker tried again")
	m := mailTo(t, "zoe@example.com")
	require.True(t, m.DeliveredAt.Valid)
	require.Equal(t, 1, m.Attempts)
	require.Len(t, s.Arrived, 1)
}

// senderFunc is a mail.Sender.
type senderFunc func(m mail.Message) error

func (f senderFunc) Send(m mail.Message) error { return f(m) }

// An error that the operator can correct, such as a wrong password, is not permanent.
func TestWorker_PermanentRefusal(t *testing.T) {
	refuse := func(code int, status ...int) error {
		enhanced := gosmtp.NoEnhancedCode
		copy(enhanced[:], status)
		return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "no such user"}
	}
	rcpt := func(answer error) func(s *smtptest.Server) {
		return func(s *smtptest.Server) { s.OnRcpt = func(string) error { return answer } }
	}
	for name, c := range map[string]struct {
		change func(s *smtptest.Server)
		final  bool
		level  string
	}{
		"recipient":              {rcpt(refuse(550)), true, "WARN"},
		"recipient, by status":   {rcpt(refuse(554, 5, 1, 1)), true, "WARN"},
		"recipient, for a time":  {rcpt(refuse(450)), false, "WARN"},
		"this app":               {rcpt(refuse(554)), true, "ERROR"},
		"this app, by status":    {rcpt(refuse(550, 5, 7, 1)), true, "ERROR"},
		"no login":               {rcpt(refuse(530)), true, "ERROR"},
		"message":                {func(s *smtptest.Server) { s.OnData = func(smtptest.Received) error { return refuse(554) } }, false, "ERROR"},
		"message, for a time":    {func(s *smtptest.Server) { s.OnData = func(smtptest.Received) error { return refuse(451) } }, false, "WARN"},
		"sender":                 {func(s *smtptest.Server) { s.OnMail = func(string) error { return refuse(550) } }, false, "ERROR"},
		"sender, for a time":     {func(s *smtptest.Server) { s.OnMail = func(string) error { return refuse(451) } }, false, "WARN"},
		"connection":             {func(s *smtptest.Server) { s.OnHello = func() error { return refuse(554) } }, false, "ERROR"},
		"connection, for a time": {func(s *smtptest.Server) { s.OnHello = func() error { return refuse(421) } }, false, "WARN"},
	} {
		q, s := newQueue(t), smtptest.New(t, c.change)
		w, log := idle(q, sender(s))
		add(t, q, "zoe@example.com")
		w.DeliverAll(t.Context())
		m := mailTo(t, "zoe@example.com")
		require.Regexp(t, fmt.Sprintf(`level=%s msg="mail not delivered" .*given_up=%t`, c.level, c.final), <-log, name)
		require.Equal(t, c.final, m.GivenUpAt.Valid, name)
		require.Equal(t, c.final, !m.DueAt.Valid, name)
		require.Equal(t, c.final, len(m.SealedToken) == 0, name)
		require.Contains(t, m.LastError, "no such user", name)
	}
	q, s := newQueue(t), smtptest.New(t)
	s.URL.User = url.UserPassword("ada", "wrong")
	w, log := idle(q, sender(s))
	add(t, q, "zoe@example.com")
	w.DeliverAll(t.Context())
	require.Regexp(t, `level=ERROR msg="mail not delivered" .*given_up=false`, <-log)
	require.Contains(t, mailTo(t, "zoe@example.com").LastError, "535")
	require.False(t, mailTo(t, "zoe@example.com").GivenUpAt.Valid)
}

func TestWorker_PermanentErrorOfCompose(t *testing.T) {
	for level, cause := range map[string]error{"ERROR": errors.New("its link has expired"), "WARN": outbox.ErrDeadLink} {
		q, s := newQueue(t), smtptest.New(t)
		o, log := options(q, sender(s))
		o.Compose = func(context.Context, *outbox.Mail) (mail.Message, error) {
			return mail.Message{}, outbox.Permanent(cause)
		}
		add(t, q, "zoe@example.com")
		outbox.Idle(o).DeliverAll(t.Context())
		m := mailTo(t, "zoe@example.com")
		require.True(t, m.GivenUpAt.Valid)
		require.Equal(t, cause.Error(), m.LastError)
		require.Regexp(t, `level=`+level+` msg="mail not delivered" .*given_up=true`, <-log)
		require.Empty(t, s.Arrived)
	}
}

// If Stop interrupted a claim, the mail could wait until the lease ends.
func TestWorker_StopDuringAClaim(t *testing.T) {
	s := smtptest.New(t)
	add(t, newQueue(t), "zoe@example.com")
	ctx, stop := context.WithCancel(t.Context())
	o := queueOptions
	o.Now = func() time.Time { stop(); return now() } // Claim calls Now first
	w, log := idle(outbox.NewQueue(o), sender(s))
	w.DeliverAll(ctx)
	require.Error(t, ctx.Err())
	require.Contains(t, <-log, "mail delivered")
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
}

// GivenUp is called after the last attempt, and again if it fails, while the mail still
// has its token.
func TestWorker_GivenUp(t *testing.T) {
	code, tokens := 450, [][]byte{}
	q, s := newQueue(t), smtptest.New(t, func(s *smtptest.Server) {
		s.OnRcpt = func(string) error { return &gosmtp.SMTPError{Code: code, Message: "no"} }
	})
	o, _ := options(q, sender(s))
	o.GivenUp = func(_ context.Context, m *outbox.Mail) error {
		require.False(t, mailTo(t, "zoe@example.com").GivenUpAt.Valid)
		tokens = append(tokens, m.SealedToken)
		if len(tokens) == 1 {
			return errors.New("locked")
		}
		return nil
	}
	w := outbox.Idle(o)
	add(t, q, "zoe@example.com")
	w.DeliverAll(t.Context())
	require.Empty(t, tokens)
	moveClock(time.Hour)
	code = 550
	w.DeliverAll(t.Context())
	require.Len(t, tokens, 2)
	require.NotEmpty(t, tokens[1])
	require.True(t, mailTo(t, "zoe@example.com").GivenUpAt.Valid)
}
