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
	logIn  bool   // has a link to log in
	notice bool   // says when and from where it was done
	notMe  bool   // a notice whose link undoes a change and all later ones
	own    bool   // button and note of such a mail are its own
}

func (k kind) isNotice() bool { return k.notice || k.notMe }

// kinds holds the mails of the app by template name. Package models queues them.
var kinds = map[string]kind{
	models.MailSignup:          {link: "/signup/"},
	models.MailSignupTaken:     {link: "/password/forgot", logIn: true, notice: true},
	models.MailReset:           {link: "/password/reset/"},
	models.MailPasswordChanged: {notMe: true},
	models.MailPasswordRemoved: {notMe: true},
	models.MailPasskeyAdded:    {notMe: true},
	models.MailPasskeyRemoved:  {notMe: true},
	models.MailPasskeyRestored: {notMe: true},
	models.MailNewBrowser:      {notMe: true},
	models.MailNotPassed:       {notMe: true},
	models.MailEnrol:           {link: "/account/security/enrol/", notice: true},
	models.MailIdentity:        {link: "/signup/"},
	models.MailIdentityLink:    {link: "/auth/link/"},
	models.MailIdentityAdded:   {notMe: true},
	models.MailIdentityRemoved: {notMe: true},
	models.MailEmailConfirm:    {link: "/account/email/confirm/"},
	models.MailEmailTaken:      {link: "/password/forgot", notice: true},
	models.MailEmailRequested:  {notMe: true},
	models.MailEmailChanged:    {notMe: true},
	models.MailUndone:          {notice: true},
	models.MailUndoFinished:    {notice: true},
	models.MailTOTPAdded:       {notMe: true},
	models.MailTOTPRemoved:     {notMe: true},
	models.MailCodesAdded:      {notMe: true},
	models.MailSecondStepOn:    {notMe: true},
	models.MailSecondStepOff:   {notMe: true},
	models.MailFactorFirstUsed: {notMe: true},
	models.MailCodeUsed:        {notMe: true},
	models.MailCodesLow:        {notMe: true},
	models.MailEmailReserved:   {notice: true},
	models.MailFactorsReset:    {notMe: true},
	models.MailFactorsRemoved:  {notMe: true},
	models.MailAccountDeleted:  {notMe: true, own: true},
}

// ownKinds is for mails that you add. Their templates have data, subject, t, and url
// (the public URL). docs/own-it.md adds one.
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
			if err == nil && m.SealedToken != nil && !kinds[m.Template].isNotice() { // a notice is sent even if its link is void
				err = linkErr
			}
			return message, err
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
