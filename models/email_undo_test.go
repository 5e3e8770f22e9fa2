package models_test

import (
	"corral/models"
	"corral/models/modelstest"
)

// Whoever gets the old address back has to set a password, and the links of
// later changes are void.
func (ms *ModelSuite) Test_EmailUndo() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.move(ada, "ada@example.org")
	undo := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
	ms.move(ada, "ada@example.net")
	younger := modelstest.Link(ms.T(), "ada@example.org", models.MailEmailChanged)

	ms.NoError(models.UndoEmailChange(ctx, undo, models.Origin{}))
	back, err := models.FindUserByEmail(ctx, "ada@example.com")
	ms.NoError(err)
	ms.Equal(ada.ID, back.ID)
	ms.Empty(back.PasswordDigest)
	for _, spent := range []string{undo, younger} {
		ms.ErrorIs(models.UndoEmailChange(ctx, spent, models.Origin{}), models.ErrNotFound)
	}
	_, err = models.FindResetUser(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailReset))
	ms.NoError(err)
}
