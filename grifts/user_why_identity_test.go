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
	f := &models.Findings{
		Tokens: []models.Token{{Purpose: models.PurposeIdentity}},
		Mails:  []outbox.Mail{{ID: mailID, Template: models.MailIdentity, DeliveredAt: nulls.NewTime(time.Now())}},
	}
	said := explained(t, f, config.Config{SignupOpen: true})
	require.Contains(t, said, "A link for “identity” works until T.\n")
	require.Contains(t, said, "(mail_id U), delivered at T\n")
	said = explained(t, f, config.Config{})
	require.Contains(t, said, "No mailed link works.\n")
	require.Contains(t, said, "(mail_id U), not delivered: there was no account\n")
}
