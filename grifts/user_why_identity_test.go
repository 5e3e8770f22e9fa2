package grifts

import (
	"testing"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/outbox"
	"corral/models"
)

// With SIGNUP=closed, the mail with the link is not sent to an email without an account.
func TestUserWhy_IdentityOfNoAccount(t *testing.T) {
	at := nulls.NewTime(time.Now())
	f := &models.Findings{
		Tokens: []models.Token{{Purpose: models.PurposeIdentity}},
		Mails: []outbox.Mail{
			{ID: mailID, Template: models.MailIdentity, Resolved: models.MailIdentity, DeliveredAt: at},
			{ID: mailID, Template: models.MailIdentity, DeliveredAt: at},
		},
	}
	subject := text("mail." + models.MailIdentity + ".subject")
	mails := "  T: “" + subject + "” (mail_id U), delivered at T\n  T: “" + subject + "” (mail_id U), not delivered: there was no account\n"
	said := explained(t, f, config.Config{SignupOpen: true})
	require.Contains(t, said, "A link for “identity” works until T.\n")
	require.Contains(t, said, mails)
	said = explained(t, f, config.Config{})
	require.Contains(t, said, "No mailed link works.\n")
	require.Contains(t, said, mails, "SIGNUP may have been open")
}

func TestUserWhy_Identities(t *testing.T) {
	at := nulls.NewTime(time.Now())
	said := explained(t, &models.Findings{
		User:       &models.User{},
		Identities: []models.Identity{{Issuer: "https://accounts.example.com", Subject: "1", LastUsedAt: at}},
	}, config.Config{})
	require.Contains(t, said, "It has no password: its identities log in, if their providers are configured.\n")
	require.Contains(t, said, "  identity “1” of https://accounts.example.com, linked T with no email, last used T\n")
}
