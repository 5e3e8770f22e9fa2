package models_test

import (
	"time"

	"corral/models"
	"corral/models/modelstest"
)

// An undo of a change of email voids the password and the links of later changes.
func (ms *ModelSuite) Test_Undo() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.changeEmail(ada, "ada@example.org")
	undo := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
	ms.changeEmail(ada, "ada@example.net")
	later := modelstest.Link(ms.T(), "ada@example.org", models.MailEmailChanged)

	_, err := models.StartSession(ctx, ms.user("ada@example.net"), here, models.Session{Remembered: true})
	ms.NoError(err)
	ms.Equal(1, ms.count("device_cookies"))
	ms.NoError(models.Undo(ctx, undo, models.Client{}))
	ms.Zero(ms.count("sessions"))
	ms.Zero(ms.count("device_cookies"), "the attacker's browser is unknown again")
	back := ms.user("ada@example.com")
	ms.Equal(ada.ID, back.ID)
	ms.Empty(back.PasswordDigest)
	for _, void := range []string{undo, later} {
		ms.ErrorIs(models.Undo(ctx, void, models.Client{}), models.ErrNotFound)
	}
	for _, email := range []string{"ada@example.com", "ada@example.net"} {
		ms.Contains(modelstest.Mails(ms.T(), email), models.MailUndone)
	}
	_, err = models.FindReset(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailReset))
	ms.NoError(err)
}

// An attacker changes the email and deletes the account. The attacker's own link undoes only the
// deletion. The owner's link undoes both, whichever link is used first.
func (ms *ModelSuite) Test_Undo_DeletionAfterAnEmailChange() {
	for _, attackerFirst := range []bool{false, true} {
		modelstest.Empty(ms.T())
		ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
		ms.changeEmail(ada, "eve@example.org")
		ms.NoError(ms.user("eve@example.org").Delete(ctx, here))
		ms.Contains(modelstest.Mails(ms.T(), "ada@example.com"), models.MailEmailChanged, "the queued notice stays")
		_, err := models.FindUserByEmail(ctx, "eve@example.org")
		ms.ErrorIs(err, models.ErrNotFound)
		ownersLink := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
		attackersLink := modelstest.Link(ms.T(), "eve@example.org", models.MailAccountDeleted)
		if attackerFirst {
			ms.NoError(models.Undo(ctx, attackersLink, here))
			ms.Equal(ada.ID, ms.user("eve@example.org").ID)
		}
		ms.NoError(models.Undo(ctx, ownersLink, here))
		ms.Equal(ada.ID, ms.user("ada@example.com").ID)
		ms.ErrorIs(models.Undo(ctx, attackersLink, here), models.ErrNotFound)
	}
}

// Changes are ordered by their numbers, because the clock of a node may be behind.
func (ms *ModelSuite) Test_Undo_ClockWentBack() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.changeEmail(ada, "eve@example.org")
	models.Clock.Move(-time.Minute)
	ms.changeEmail(ada, "eve@example.net")
	models.Clock.Reset()
	later := modelstest.Link(ms.T(), "eve@example.org", models.MailEmailChanged)
	ms.NoError(models.Undo(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged), here))
	ms.ErrorIs(models.Undo(ctx, later, here), models.ErrNotFound)
	ms.Equal(ada.ID, ms.user("ada@example.com").ID)

	var numbers []int
	ms.NoError(ms.DB.RawQuery("SELECT number FROM changes WHERE user_id = ? ORDER BY number", ada.ID).All(&numbers))
	ms.Equal([]int{1, 2}, numbers)
}

// After a request for a reset of a deleted account, a mail to the account's email says that
// it is deleted.
func (ms *ModelSuite) Test_Undo_ResetOfADeletedAccount() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.NoError(ada.Delete(ctx, here))
	ms.NoError(models.RequestLink(ctx, models.PurposeReset, "ada@example.com", "", here))
	template, rawToken := ms.resolved("ada@example.com")
	ms.Equal(models.MailEmailReserved, template)
	ms.Empty(rawToken)
}

// A link that confirms a new email is void while another account has or reserves the email.
func (ms *ModelSuite) Test_EmailChange_TakenMeanwhile() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.NoError(ada.RequestEmailChange(ctx, "new@example.com", models.Client{}))
	_, rawToken := ms.resolved("new@example.com")
	token, err := ada.FindEmailChange(ctx, rawToken)
	ms.NoError(err)
	ms.Equal("new@example.com", token.Email)

	bob, err := models.CreateUser(ctx, "new@example.com", "")
	ms.NoError(err)
	_, err = ada.FindEmailChange(ctx, rawToken)
	ms.ErrorIs(err, models.ErrNotFound)
	ms.changeEmail(bob, "bob@example.com")
	_, err = ada.FindEmailChange(ctx, rawToken)
	ms.ErrorIs(err, models.ErrNotFound, "bob may undo the change")
	ms.ErrorIs(ada.ConfirmEmailChange(ctx, rawToken, models.Client{}), models.ErrNotFound)
	ms.NotNil(ms.user("ada@example.com"))
}
