package models_test

import (
	"time"

	"corral/internal/secret"
	"corral/models"
	"corral/models/modelstest"
)

// The owner turns the second step on again with only a factor that the waiting undo removes.
// The undo turns the second step off.
func (ms *ModelSuite) Test_Undo_KeepsAWayIn() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	passkey := ms.addFactor("passkey")
	ms.turnSecondStep(true)
	ms.addFactor("totp")
	ms.notMe("totp_added")
	ms.NoError(ms.user("ada@example.com").SetPassword(ctx, modelstest.Password))
	ms.turnSecondStep(false)
	ms.removeFactor(passkey)
	ms.NoError(errorOf(ms.user("ada@example.com").TurnSecondStep(ctx, true, here)))
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"codes"}, false, "no factor passes the second step")
}

// A TOTP key that no SESSION_SECRET opens still keeps the second step on: the operator may
// restore the secret.
func (ms *ModelSuite) Test_Undo_LostKeyKeepsTheSecondStepOn() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("totp")
	ms.turnSecondStep(true)
	ms.addFactor("passkey")
	ms.notMe("passkey_added")
	defer models.Rekey(modelstest.Config().SessionSecrets...)
	models.Rekey(secret.New())
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"totp"}, true, "undone")
}

// The removal of a password turns the second step on. The link of its mail undoes both.
func (ms *ModelSuite) Test_Undo_RemovedPasswordTurnedTheSecondStepOn() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	ms.NoError(errorOf(ms.user("ada@example.com").RemovePassword(ms.T().Context(), here)))
	ms.hasFactors([]string{"passkey", "codes"}, true, "removed")
	ms.notMe(models.MailPasswordRemoved)
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"passkey"}, false, "undone")
}
