// Package mailers knows which mails there are and what they look like. A worker
// of package outbox delivers them.
package mailers

import (
	"context"
	"log/slog"

	"github.com/gobuffalo/buffalo/mail"

	"corral/config"
	"corral/internal/outbox"
	"corral/models"
)

// letter is what a mail has besides its texts, which are in the locale files
// under mail.NAME.
type letter struct {
	link   string // path of the button; the token is appended
	logIn  bool   // has a link to log in, too
	notice bool   // says when and from where, and what to do when it was not you
}

// letters are the mails there are. Package models decides when each is written:
// MailNewBrowser in models/device_cookie.go.
var letters = map[string]letter{
	models.MailSignup:          {link: "/signup/"},
	models.MailSignupTaken:     {link: "/password/forgot", logIn: true, notice: true},
	models.MailReset:           {link: "/password/reset/"},
	models.MailPasswordChanged: {link: "/password/forgot", notice: true},
	models.MailNewBrowser:      {link: "/account", notice: true},
	models.MailEmailConfirm:    {link: "/account/email/confirm/"},
	models.MailEmailTaken:      {link: "/password/forgot", notice: true},
	models.MailEmailAsked:      {link: "/account", notice: true},
	models.MailEmailChanged:    {link: "/account/email/undo/", notice: true},
	models.MailAccountDeleted:  {notice: true},
}

// Start starts a worker. Without a mail server it does nothing: in development
// the mails stay in the outbox, to be read at /dev/mail.
func Start(c config.Config, logger *slog.Logger) *outbox.Worker {
	options := outbox.WorkerOptions{
		DB:    models.DB,
		Queue: models.Outbox,
		Compose: func(ctx context.Context, m *outbox.Mail) (mail.Message, error) {
			return Compose(ctx, c, m)
		},
		Logger: logger,
	}
	if c.SMTP != nil {
		options.Sender = smtp(c)
	}
	return outbox.Start(options)
}

// Reach logs in to the mail server and sends nothing.
func Reach(ctx context.Context, c config.Config) error { return smtp(c).Reach(ctx) }

func smtp(c config.Config) *outbox.SMTP {
	return outbox.NewSMTP(c.SMTP, outbox.Domain(c.Host.Hostname()), nil)
}
