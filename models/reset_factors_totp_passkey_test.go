package models_test

import (
	"corral/internal/passkey/passkeytest"
	"corral/models"
	"corral/models/modelstest"
)

// Until the removal, the factors confirm and log in. Only a login stops the removal.
func (ms *ModelSuite) Test_ResetFactors_FactorsWorkUntilTheRemoval() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.resetFactors(false)
	s := ms.found(ms.user("ada@example.com"))
	ms.NoError(ms.confirmWithCode(s, modelstest.NextCode(key)))
	ms.NotZero(ms.count("undo_parts"), "a confirmation stops nothing")
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
	ms.Zero(ms.count("undo_parts"))
}
