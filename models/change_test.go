package models_test

import (
	"time"

	"github.com/gofrs/uuid"

	"corral/internal/undo"
	"corral/models"
	"corral/models/modelstest"
)

// A node of an older release may store a change without raising users.changes.
func (ms *ModelSuite) Test_Change_IsNumberedAfterTheNewest() {
	ada := ms.signUp("ada@example.com")
	ms.NoError(ms.DB.Create(&undo.Change{ID: uuid.Must(uuid.NewV7()), UserID: ada.ID, Number: 3, Kind: models.ActivityEmail}))
	ms.addFactor("passkey")
	ms.Equal(4, ms.user("ada@example.com").Changes)
}

// Each change is mailed. Prevents a flood, behind which the mails of other users would wait.
// An attacker must not be able to keep the owner from resetting.
func (ms *ModelSuite) Test_Change_PasswordChangesCountButResetsDoNot() {
	ctx := ms.T().Context()
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	change := func() error {
		return ms.user("ada@example.com").ChangePassword(ctx, "an entirely new set of words", here)
	}
	ms.NoError(change())
	ms.NoError(ms.DB.RawQuery("UPDATE rate_limits SET attempts = 99").Exec())
	ms.NoError(change())
	before := ms.user("ada@example.com")
	var limited *models.RateLimited
	models.HoldHashing(func() { ms.ErrorAs(change(), &limited) }) // prevents a flood of hashes
	ms.Equal(24*time.Hour, limited.RetryAfter)
	ms.Equal(before.PasswordDigest, ms.user("ada@example.com").PasswordDigest)
	models.Clock.Move(time.Second) // the reset's mail is the newest
	ms.NoError(errorOf(models.ResetPassword(ctx, ms.requestReset("ada@example.com"), modelstest.Password, here)))
	models.Clock.Move(24 * time.Hour)
	ms.NoError(change())
}

// An attacker must not be able to keep the owner from making changes after an undo. Undos in
// between do not allow a flood.
func (ms *ModelSuite) Test_Change_UndoAllowsChangesAgainTenTimesADay() {
	ctx := ms.T().Context()
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	change := func() error {
		return ms.user("ada@example.com").ChangePassword(ctx, "an entirely new set of words", here)
	}
	var limited *models.RateLimited
	for n := range 11 {
		ms.NoError(change())
		ms.NoError(ms.DB.RawQuery("UPDATE rate_limits SET attempts = 100 WHERE id LIKE 'change %'").Exec())
		ms.ErrorAs(change(), &limited)
		ms.notMe(models.MailPasswordChanged)
		reset := modelstest.Link(ms.T(), "ada@example.com", models.MailReset)
		ms.NoError(errorOf(models.ResetPassword(ctx, reset, modelstest.Password, here)))
		if n == 10 {
			ms.ErrorAs(change(), &limited)
		}
	}
	models.Clock.Move(24 * time.Hour)
	ms.NoError(change())
}
