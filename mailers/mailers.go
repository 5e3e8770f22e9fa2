// Package mailers composes the mails of the app. Package outbox delivers them.
package mailers

import (
	"context"
	"log/slog"

	"github.com/gobuffalo/buffalo/mail"

	"corral/config"
	"corral/internal/outbox"
	"corral/models"
)

// kind describes a mail. Its texts are mail.NAME in the locale files.
type kind struct {
	link   string // path of the button; the token is appended
	button string // NAME of the texts of the button and its note; "" means the mail's NAME
	logIn  bool   // has a link to log in
	notice bool   // says when, and from which client, the change was made
}

// notMe is the kind of each mail that kinds does not list: a notice whose link undoes a
// change and all later ones.
var notMe = kind{link: "/not-me/", button: "not_me", notice: true}

// kinds holds the other mails of the app by template name. Package models queues them.
var kinds = map[string]kind{
	models.MailSignup:         {link: "/signup/"},
	models.MailSignupTaken:    {link: "/password/forgot", logIn: true, notice: true},
	models.MailReset:          {link: "/password/reset/"},
	models.MailEnrol:          {link: "/account/security/enrol/", notice: true},
	models.MailIdentity:       {link: "/signup/"},
	models.MailIdentityLink:   {link: "/auth/link/"},
	models.MailEmailConfirm:   {link: "/account/email/confirm/"},
	models.MailEmailTaken:     {link: "/password/forgot", notice: true},
	models.MailUndone:         {notice: true},
	models.MailUndoFinished:   {notice: true},
	models.MailEmailReserved:  {notice: true},
	models.MailAccountDeleted: {link: "/not-me/", notice: true},
}

func kindOf(template string) kind {
	if k, listed := kinds[template]; listed || ownKinds.Example(template) != "" {
		return k
	}
	return notMe
}

// ownKinds is for mails that you add, as docs/own-it.md does. Their templates have data,
// subject, t, url (the public URL), and the token of AddLink.
var ownKinds = outbox.Kinds{}

// Start starts a worker. Without a mail server, mails stay in the outbox: see
// /dev/mail.
func Start(c config.Config, logger *slog.Logger) *outbox.Worker {
	options := outbox.WorkerOptions{
		DB:    models.DB,
		Queue: models.Outbox,
		Compose: func(ctx context.Context, m *outbox.Mail) (mail.Message, error) {
			linkErr := models.StartLink(ctx, m)
			message, err := Compose(ctx, c, m)
			if err == nil && m.SealedToken != nil && !kindOf(m.Template).notice { // a notice is sent even if its link is void
				err = linkErr
			}
			return message, err
		},
		Ready: func(ctx context.Context) error { // a fast clock would claim what other nodes are sending
			_, err := models.Clocks.Compare(ctx, models.DB)
			return err
		},
		GivenUp: models.StartLinkAtIssue,
		Logger:  logger,
	}
	if c.SMTP != nil {
		options.Sender = smtp(c)
	}
	return outbox.Start(options)
}

// Reach logs in to the mail server without sending.
func Reach(ctx context.Context, c config.Config) error { return smtp(c).Reach(ctx) }

func smtp(c config.Config) *outbox.SMTP {
	connect := outbox.NewSMTP
	if c.Development() {
		connect = outbox.NewDevelopmentSMTP
	}
	return connect(c.SMTP, outbox.Domain(c.Host.Hostname()), nil)
}
