package models_test

import (
	"corral/models"
	"corral/models/modelstest"
)

// Undoing an email change voids the password and the links of later changes.
func (ms *ModelSuite) Test_UndoEmailChange() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.changeEmail(ada, "ada@example.org")
	undo := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
	ms.changeEmail(ada, "ada@example.net")
	younger := modelstest.Link(ms.T(), "ada@example.org", models.MailEmailChanged)

	ms.NoError(models.UndoEmailChange(ctx, undo, models.Client{}))
	back := ms.user("ada@example.com")
	ms.Equal(ada.ID, back.ID)
	ms.Empty(back.PasswordDigest)
	for _, void := range []string{undo, younger} {
		ms.ErrorIs(models.UndoEmailChange(ctx, void, models.Client{}), models.ErrNotFound)
	}
	_, err := models.FindResetUser(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailReset))
	ms.NoError(err)
}
