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

// appMail describes a mail of the app. Its texts are mail.TEMPLATE.* in the locale files.
type appMail struct {
	link   string // path of the button; the token, if any, is appended
	button string // TEMPLATE in the keys of the button and its note; "" means the mail's own
	logIn  bool   // has a link to log in
	notice bool   // says when, and by which client, the mail was caused
}

// notMe is for the app's mails that appMails does not list: notices with a link that undoes
// the change in the mail, if there is one, and all later changes.
var notMe = appMail{link: "/not-me/", button: "not_me", notice: true}

// appMails holds the other mails of the app by template. Package models queues them.
var appMails = map[string]appMail{
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

// appMailOf returns the zero appMail for a mail of ownKinds: it has templates of its own.
func appMailOf(template string) appMail {
	if m, listed := appMails[template]; listed || ownKinds.Example(template) != "" {
		return m
	}
	return notMe
}

// ownKinds is for mails that you add, as docs/own-it.md does. Their templates have the
// variables data, subject, t, url (the public URL) and token (of AddLink, or "").
var ownKinds = outbox.Kinds{}

// Start starts the worker that delivers the mails. Without SMTP_URL, they stay in the
// outbox: see /dev/mail.
func Start(c config.Config, logger *slog.Logger) *outbox.Worker {
	options := outbox.WorkerOptions{
		DB:    models.DB,
		Queue: models.Outbox,
		Compose: func(ctx context.Context, m *outbox.Mail) (mail.Message, error) {
			linkErr := models.StartLink(ctx, m)
			message, err := Compose(ctx, c, m)
			if err == nil && m.SealedToken != nil && appMailOf(m.Template).link != notMe.link { // a notice informs without this link, too
				err = linkErr
			}
			return message, err
		},
		Ready: func(ctx context.Context) error { // a node with a fast clock would claim mails that others are delivering
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
