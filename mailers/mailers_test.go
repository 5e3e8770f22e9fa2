package mailers_test

import (
	"context"
	"log/slog"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	buffalo "github.com/gobuffalo/buffalo/mail"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
	"corral/locales"
	"corral/mailers"
	"corral/models"
	"corral/models/modelstest"
)

func TestMain(m *testing.M) {
	locales.Default = "en-US"
	modelstest.Main(m)
}

func configOf(s *smtptest.Server) config.Config {
	return modelstest.Config(func(c *config.Config) {
		c.Host = &url.URL{Scheme: "https", Host: "corral.example"}
		c.MailFrom = &mail.Address{Name: "Corral", Address: "no-reply@corral.example"}
		c.SMTP = s.URL
	})
}

// sender trusts the certificate of a test server. The sender of Start would not.
func sender(s *smtptest.Server) *outbox.SMTP {
	return outbox.NewSMTP(s.URL, "corral.example", s.Authority.Trusting())
}

func start(t testing.TB, s *smtptest.Server) *apptest.LogBuffer {
	t.Helper()
	modelstest.Empty(t)
	c, log := configOf(s), &apptest.LogBuffer{}
	w := outbox.Start(outbox.WorkerOptions{
		DB:     models.DB,
		Queue:  models.Outbox,
		Sender: sender(s),
		Compose: func(ctx context.Context, m *outbox.Mail) (buffalo.Message, error) {
			return mailers.Compose(ctx, c, m)
		},
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	t.Cleanup(w.Stop)
	return log
}

func mailTo(t testing.TB, email string) outbox.Mail {
	t.Helper()
	var m outbox.Mail
	require.NoError(t, models.DB.Where("recipient = ?", email).Order("created_at DESC, id DESC").First(&m))
	return m
}

// The worker delivers to SMTP_URL and trusts only the authorities of the system.
func TestStart(t *testing.T) {
	modelstest.Empty(t)
	s, log := smtptest.New(t), &apptest.LogBuffer{}
	require.NoError(t, models.RequestLink(t.Context(), models.PurposeSignup, "zoe@example.com", "", models.Client{}))
	w := mailers.Start(configOf(s), slog.New(slog.NewTextHandler(log, nil)))
	require.Eventually(t, func() bool { return mailTo(t, "zoe@example.com").LastError != "" }, time.Minute, time.Millisecond)
	w.Stop()
	require.Contains(t, mailTo(t, "zoe@example.com").LastError, "unknown authority")
	require.Contains(t, log.String(), "mail not delivered")
	require.NotContains(t, log.String(), "zoe@example.com", "the log names no user")
	require.Empty(t, s.Arrived)
	require.ErrorContains(t, mailers.Reach(t.Context(), configOf(s)), "unknown authority")
}

// Only in development, a server on this machine needs no TLS.
func TestReach_NeedsTLSOutsideDevelopment(t *testing.T) {
	c := configOf(smtptest.New(t, func(s *smtptest.Server) { s.TLS = nil }))
	for _, env := range []string{config.Production, config.Test} {
		c.Env = env
		require.ErrorContains(t, mailers.Reach(t.Context(), c), "does not support STARTTLS", env)
	}
	c.Env = config.Development
	require.NoError(t, mailers.Reach(t.Context(), c))
}

func TestStart_WithoutServer(t *testing.T) {
	modelstest.Empty(t)
	require.NoError(t, models.RequestLink(t.Context(), models.PurposeSignup, "zoe@example.com", "", models.Client{}))
	c := modelstest.Config(func(c *config.Config) { c.SMTP = nil })
	mailers.Start(c, slog.New(slog.DiscardHandler)).Stop()
	require.Zero(t, mailTo(t, "zoe@example.com").Attempts)
}

// The mail of a reset for an email without an account is dropped. The log says so, but does
// not contain the email.
func TestReset_WithoutAccount(t *testing.T) {
	s := smtptest.New(t)
	log := start(t, s)
	require.NoError(t, models.RequestLink(t.Context(), models.PurposeReset, "nobody@example.com", "", models.Client{}))
	require.Eventually(t, func() bool { return mailTo(t, "nobody@example.com").DeliveredAt.Valid }, time.Minute, time.Millisecond)
	require.Empty(t, s.Arrived)
	require.Contains(t, log.String(), `msg="mail dropped"`)
	require.NotContains(t, log.String(), "nobody@")
	m := mailTo(t, "nobody@example.com")
	require.False(t, m.DueAt.Valid)
	require.Empty(t, m.SealedToken)
}

// develop starts a worker as in development, with a mail server without TLS, such as
// Mailpit.
func develop(t testing.TB, change ...func(s *smtptest.Server)) *smtptest.Server {
	t.Helper()
	s := smtptest.New(t, append(change, func(s *smtptest.Server) { s.TLS = nil })...)
	c := configOf(s)
	c.Env = config.Development
	t.Cleanup(mailers.Start(c, slog.New(slog.DiscardHandler)).Stop)
	return s
}

// Prevents duplicates: to a node whose clock is fast, the leases of other nodes have ended.
func TestStart_ClaimsNothingWhileClocksDiffer(t *testing.T) {
	modelstest.Empty(t)
	t.Cleanup(models.DatabaseClock.Reset)
	s, log := smtptest.New(t, func(s *smtptest.Server) { s.TLS = nil }), &apptest.LogBuffer{}
	c := configOf(s)
	c.Env = config.Development
	models.DatabaseClock.Move(-2 * time.Minute)
	require.NoError(t, models.RequestLink(t.Context(), models.PurposeSignup, "zoe@example.com", "", models.Client{}))
	t.Cleanup(mailers.Start(c, slog.New(slog.NewTextHandler(log, nil))).Stop)
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "mail cannot be claimed") }, time.Minute, time.Millisecond)
	require.Contains(t, log.String(), "the clocks of this machine and of the database are 2m0s apart")
	require.Zero(t, mailTo(t, "zoe@example.com").Attempts)
	models.DatabaseClock.Reset()
	models.Outbox.Wake()
	require.Equal(t, []string{"zoe@example.com"}, s.Next().To)
}

func TestStart_DevelopmentNeedsNoTLS(t *testing.T) {
	modelstest.Empty(t)
	require.NoError(t, models.RequestLink(t.Context(), models.PurposeSignup, "zoe@example.com", "", models.Client{}))
	require.Equal(t, []string{"zoe@example.com"}, develop(t).Next().To)
}

// A late attempt does not mail a link that was used or is void.
func TestStart_DeadLinkIsGivenUp(t *testing.T) {
	for name, end := range map[string]func(rawToken string) error{
		"used": func(rawToken string) error {
			_, err := models.ResetPassword(t.Context(), rawToken, modelstest.Password, models.Client{})
			return err
		},
		"void": func(string) error {
			ada, err := models.FindUserByEmail(t.Context(), "ada@example.com")
			require.NoError(t, err)
			return ada.ChangePassword(t.Context(), modelstest.Password, models.Client{})
		},
	} {
		t.Run(name, func(t *testing.T) { // each case has its own worker
			modelstest.Empty(t)
			modelstest.SignUp(t, "ada@example.com")
			require.NoError(t, models.RequestLink(t.Context(), models.PurposeReset, "ada@example.com", "", models.Client{}))
			m := mailTo(t, "ada@example.com")
			rawToken, err := models.Outbox.Token(&m)
			require.NoError(t, err)
			require.NoError(t, end(rawToken))
			require.NoError(t, models.RequestLink(t.Context(), models.PurposeSignup, "zoe@example.com", "", models.Client{}))
			s := develop(t)
			require.Eventually(t, func() bool {
				require.NoError(t, models.DB.Reload(&m))
				return m.GivenUpAt.Valid
			}, time.Minute, time.Millisecond)
			require.Equal(t, "its link was used or is void", m.LastError)
			require.Equal(t, 1, m.Attempts)
			for r := s.Next(); r.To[0] != "zoe@example.com"; r = s.Next() {
				require.Equal(t, "A new password was set", smtptest.Parse(t, r).Subject)
			}
		})
	}
}

// Each login mails a link, which is dead once the user has followed another one.
func TestStart_EnrolmentWithADeadLinkIsGivenUp(t *testing.T) {
	modelstest.Empty(t)
	modelstest.Configure(t, func(c *config.Config) { c.SecondStepRequired = true })
	ada := modelstest.SignUp(t, "ada@example.com")
	s, err := models.StartSession(t.Context(), ada, models.Client{}, models.Session{})
	require.NoError(t, err)
	require.NoError(t, s.Enrol(t.Context(), modelstest.Link(t, "ada@example.com", models.MailEnrol)))
	var m outbox.Mail
	require.NoError(t, models.DB.Where("template = ?", models.MailEnrol).First(&m))
	develop(t)
	require.Eventually(t, func() bool {
		require.NoError(t, models.DB.Reload(&m))
		return m.GivenUpAt.Valid || m.DeliveredAt.Valid
	}, time.Minute, time.Millisecond)
	require.Equal(t, "its link was used or is void", m.LastError)
}

// Prevents an attacker from keeping a notice from the owner by voiding its link.
func TestStart_NoticeWithAVoidLinkIsSent(t *testing.T) {
	modelstest.Empty(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	require.NoError(t, ada.ChangePassword(t.Context(), modelstest.Password, models.Client{}))
	require.NoError(t, models.DB.RawQuery("DELETE FROM tokens").Exec())
	require.Equal(t, "A new password was set", smtptest.Parse(t, develop(t).Next()).Subject)
}

// moveClocks moves both clocks until the test ends: no mail is sent while they differ.
func moveClocks(t *testing.T, d time.Duration) {
	t.Cleanup(models.Clock.Reset)
	t.Cleanup(models.DatabaseClock.Reset)
	models.Clock.Move(d)
	models.DatabaseClock.Move(d)
}

// If a mail was queued for longer than the lifetime of its link, the link still works.
func TestStart_LateMailHasAWorkingLink(t *testing.T) {
	modelstest.Empty(t)
	modelstest.SignUp(t, "ada@example.com")
	require.NoError(t, models.RequestLink(t.Context(), models.PurposeReset, "ada@example.com", "", models.Client{}))
	rawToken := modelstest.Link(t, "ada@example.com", models.MailReset)
	moveClocks(t, 9*time.Hour)
	works := func() bool {
		_, err := models.FindReset(t.Context(), rawToken)
		return err == nil
	}
	require.False(t, works())
	require.Contains(t, smtptest.Parse(t, develop(t).Next()).Text, rawToken)
	require.True(t, works())
	models.Clock.Move(models.Lifetimes[models.PurposeReset])
	require.False(t, works())
}

// If a mail is given up, the lifetime of its link begins when the link was made.
func TestStart_LinkOfAMailGivenUp(t *testing.T) {
	modelstest.Empty(t)
	modelstest.SignUp(t, "ada@example.com")
	require.NoError(t, models.RequestLink(t.Context(), models.PurposeReset, "ada@example.com", "", models.Client{}))
	rawToken := modelstest.Link(t, "ada@example.com", models.MailReset)
	m := mailTo(t, "ada@example.com")
	moveClocks(t, 2*time.Hour)
	develop(t, func(s *smtptest.Server) {
		s.OnRcpt = func(string) error { return &gosmtp.SMTPError{Code: 550, Message: "no such user"} }
	})
	require.Eventually(t, func() bool {
		require.NoError(t, models.DB.Reload(&m))
		return m.GivenUpAt.Valid
	}, time.Minute, time.Millisecond)
	_, err := models.FindReset(t.Context(), rawToken)
	require.ErrorIs(t, err, models.ErrNotFound)
}
