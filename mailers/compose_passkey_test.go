package mailers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
	"corral/mailers"
	"corral/models"
	"corral/models/modelstest"
)

// Without a password, the second step is on. No other mail says so.
func TestCompose_RemovedPasswordTellsOfTheSecondStep(t *testing.T) {
	modelstest.Empty(t)
	m := outbox.Mail{Recipient: "ada@example.com", Template: models.MailPasswordRemoved, Data: "{}"}
	message, err := mailers.Compose(t.Context(), configOf(smtptest.New(t)), &m)
	require.NoError(t, err)
	for _, body := range message.Bodies {
		require.Contains(t, body.Content, "The second step at login is on.")
	}
}
