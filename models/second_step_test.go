package models_test

import (
	"errors"

	"corral/internal/outbox"
	"corral/models"
	"corral/models/modelstest"
)

// ask logs ada in with the right password, and returns the client with its second step.
func (ms *ModelSuite) ask(client models.Client) models.Client {
	_, due, err := models.LogIn(ms.T().Context(), models.Credentials{Email: "ada@example.com", Password: modelstest.Password, Client: client}, false)
	ms.NoError(err)
	ms.NotNil(due)
	client.RawSecondStep = due.Raw()
	return client
}

// deliver delivers the mails that are due, and returns the templates of those that are sent.
func (ms *ModelSuite) deliver() (sent []string) {
	ctx := ms.T().Context()
	for {
		m, err := models.Outbox.Claim(ctx, ms.DB)
		if errors.Is(err, outbox.ErrNotFound) {
			return sent
		}
		ms.NoError(err)
		if err = models.ResolveMail(ctx, m); err == nil {
			sent = append(sent, m.Template)
		} else {
			ms.ErrorIs(err, outbox.ErrNothingToSend)
		}
		ms.NoError(models.Outbox.Delivered(ctx, ms.DB, m))
	}
}

func (ms *ModelSuite) queued(template string) int {
	n, err := ms.DB.Where("template = ?", template).Count(&outbox.Mail{})
	ms.NoError(err)
	return n
}
