package grifts

import (
	"fmt"
	"slices"

	"corral/config"
	"corral/internal/outbox"
	"corral/models"
)

// mailNames say what the mails are for.
var mailNames = map[string]string{
	models.MailSignup:          "link to sign up",
	models.MailReset:           "link to set a new password",
	models.MailPasswordChanged: "notice that the password was changed",
	models.MailNewBrowser:      "notice of a login from a new browser",
	models.MailEmailConfirm:    "link to confirm a change to this email",
	models.MailEmailAsked:      "notice that the email is about to change",
	models.MailEmailChanged:    "notice that the email was changed, with a link to undo it",
	models.MailAccountDeleted:  "notice that the account was deleted",
}

func sayMails(f *models.Findings, c config.Config) {
	if len(f.Mails) == 0 {
		say("No mail to this email is on record; they are kept for 30 days.")
	} else {
		say("The last mails to this email:")
	}
	var lines []string
	waits := false
	for _, m := range f.Mails {
		lines = append(lines, fmt.Sprintf("%s: %s, %s", moment(m.CreatedAt), mailNames[m.Template], fate(m, f)))
		waits = waits || m.DueAt.Valid
	}
	list(lines)
	if waits && c.SMTP == nil {
		say("Nothing is sent: there is no SMTP_URL. In development the mails are at %s/dev/mail.", c.Host)
	}
	slices.Sort(f.NoMail)
	for _, template := range f.NoMail {
		say("Enough mails to this email were requested in an hour (%s): more are answered and not sent for now.", mailNames[template])
	}
}

// fate says what became of a mail.
func fate(m outbox.Mail, f *models.Findings) string {
	switch {
	case m.SentAt.Valid && m.Template == models.MailReset && f.User == nil:
		return "not sent, for there was no account"
	case m.SentAt.Valid && m.Template == models.MailSignup && f.User != nil && f.User.CreatedAt.Before(m.CreatedAt):
		return "sent at " + moment(m.SentAt.Time) + " as a notice that there is an account already"
	case m.SentAt.Valid:
		return "sent at " + moment(m.SentAt.Time)
	case m.FailedAt.Valid:
		return fmt.Sprintf("given up at %s after %d attempts, the last because: %s", moment(m.FailedAt.Time), m.Attempts, m.LastError)
	case m.Attempts > 0 && m.LastError != "":
		return fmt.Sprintf("failed %d times, the last because: %s; tried again at %s", m.Attempts, m.LastError, moment(m.DueAt.Time))
	case models.Outbox.Overdue(&m):
		return "waits, longer than it should: is the app running?"
	}
	return "waits to be sent"
}
