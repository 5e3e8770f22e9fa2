package grifts

import (
	"fmt"

	"corral/config"
	"corral/internal/outbox"
	"corral/models"
)

func subject(template string) string { return text("mail." + template + ".subject") }

func sayMails(f *models.Findings, c config.Config) {
	if len(f.Mails) == 0 {
		say("No mail to this email is on record; they are kept for 30 days.")
	} else {
		say("The last mails to this email:")
	}
	queued := false
	for _, m := range f.Mails {
		say("  %s: “%s”, %s", moment(m.CreatedAt), subject(m.Template), state(m, f))
		queued = queued || m.DueAt.Valid
	}
	if queued && c.SMTP == nil {
		say("Nothing is delivered: there is no SMTP_URL. In development the mails are at %s/dev/mail.", c.Host)
	}
	for _, template := range f.LimitedMails {
		say("This email is rate limited for a mail (“%s”): further requests are answered as usual, and no mail is queued.", subject(template))
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
