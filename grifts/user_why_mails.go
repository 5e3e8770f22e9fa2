package grifts

import (
	"fmt"
	"slices"

	"corral/config"
	"corral/internal/outbox"
	"corral/models"
)

var mailNames = map[string]string{
	models.MailSignup:          "link to sign up",
	models.MailReset:           "link to set a new password",
	models.MailPasswordChanged: "notice that the password was changed",
	models.MailNewBrowser:      "notice of a login from a new browser",
	models.MailEmailConfirm:    "link to confirm a change to this email",
	models.MailEmailRequested:  "notice that the email is about to change",
	models.MailEmailChanged:    "notice that the email was changed, with a link to undo it",
	models.MailUndone:          "notice that a change was undone",
	models.MailEmailReserved:   "notice that the email is reserved",
	models.MailAccountDeleted:  "notice that the account was deleted, with a link to undo it",
}

func sayMails(f *models.Findings, c config.Config) {
	if len(f.Mails) == 0 {
		say("No mail to this email is on record; they are kept for 30 days.")
	} else {
		say("The last mails to this email:")
	}
	queued := false
	for _, m := range f.Mails {
		say("  %s: %s, %s", moment(m.CreatedAt), mailNames[m.Template], state(m, f))
		queued = queued || m.DueAt.Valid
	}
	if queued && c.SMTP == nil {
		say("Nothing is delivered: there is no SMTP_URL. In development the mails are at %s/dev/mail.", c.Host)
	}
	slices.Sort(f.LimitedMails)
	for _, template := range f.LimitedMails {
		say("This email is rate limited for a mail (%s): further requests are answered as usual, and no mail is queued.", mailNames[template])
	}
}

func state(m outbox.Mail, f *models.Findings) string {
	switch {
	case m.DeliveredAt.Valid && m.Template == models.MailReset && f.User == nil && f.Reserved() == nil:
		return "not delivered: there was no account"
	case m.DeliveredAt.Valid && m.Template == models.MailSignup && f.User != nil && f.User.CreatedAt.Before(m.CreatedAt):
		return "delivered at " + moment(m.DeliveredAt.Time) + " as a notice that there is an account already"
	case m.DeliveredAt.Valid:
		return "delivered at " + moment(m.DeliveredAt.Time)
	case m.GivenUpAt.Valid:
		return fmt.Sprintf("given up at %s after %d attempts, the last because: %s", moment(m.GivenUpAt.Time), m.Attempts, m.LastError)
	case m.Attempts > 0 && m.LastError != "":
		return fmt.Sprintf("failed %d times, the last because: %s; next attempt at %s", m.Attempts, m.LastError, moment(m.DueAt.Time))
	case models.Outbox.Overdue(&m):
		return "queued, and overdue: is the app running?"
	}
	return "queued"
}
