package models_test

import (
	"errors"

	"corral/internal/outbox"
	"corral/models"
	"corral/models/modelstest"
)

// passPassword passes ada's password, and returns the client with its second step.
func (ms *ModelSuite) passPassword(client models.Client) models.Client {
	_, step, err := models.LogIn(ms.T().Context(), models.Credentials{Email: "ada@example.com", Password: modelstest.Password, Client: client}, false)
	ms.NoError(err)
	ms.NotNil(step)
	client.RawSecondStep = step.Raw()
	return client
}

// deliver delivers the mails that are due, and returns the templates of those that are sent.
func (ms *ModelSuite) deliver() (sent []string) {
	ctx := ms.T().Context()
	for {
		m, err := models.Outbox.Claim(ctx, ms.DB, true)
		if errors.Is(err, outbox.ErrNotFound) {
			return sent
		}
		ms.NoError(err)
		if err = models.ResolveMail(ctx, m); err == nil {
			sent = append(sent, m.Template)
		} else {
			ms.ErrorIs(err, outbox.ErrNothingToSend)
		}
		ms.NoError(models.Outbox.RecordDelivered(ctx, ms.DB, m))
	}
}

func (ms *ModelSuite) mailsOf(template string) int {
	n, err := ms.DB.Where("template = ?", template).Count(&outbox.Mail{})
	ms.NoError(err)
	return n
}

// The second step of another account, with the same credential version, allows no reset.
func (ms *ModelSuite) Test_ResetPassword_SecondStepOfAnotherAccount() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	ms.turnSecondStep(true)
	ada, bob := ms.user("ada@example.com"), ms.signUp("bob@example.com")
	rawToken, err := models.IssueInvite(ctx, "ada@example.com")
	ms.NoError(err)
	token, err := models.FindReset(ctx, rawToken)
	ms.NoError(err)
	resetWithStepOf := func(user *models.User) error {
		client := here
		client.RawSecondStep = (&models.SecondStep{UserID: user.ID, Version: ada.CredentialVersion, Reset: token.ID, Passed: true}).Raw()
		return errorOf(models.ResetPassword(ctx, rawToken, "an entirely new set of words", client))
	}
	ms.ErrorIs(resetWithStepOf(bob), models.ErrSecondStep)
	ms.NoError(resetWithStepOf(ada))
}
