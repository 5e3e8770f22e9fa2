package models_test

import (
	"corral/models"
	"corral/models/modelstest"
)

// Adding or removing an identity ends logins that wait for their second step.
func (ms *ModelSuite) Test_Identity_ChangesRaiseTheVersion() {
	ms.withSecondStep()
	client := ms.passPassword(here)
	ms.addIdentity("ada@example.com", issuer, "ada")
	ms.ErrorIs(errorOf(models.FindSecondStep(ms.T().Context(), client)), models.ErrNotFound)
	client = ms.passPassword(here)
	ms.NoError(ms.removeIdentity("ada@example.com", issuer))
	ms.ErrorIs(errorOf(models.FindSecondStep(ms.T().Context(), client)), models.ErrNotFound)
}

func (ms *ModelSuite) Test_Identity_UndoRemovesAll_WithTheSecondStep() {
	ms.undoRemovesAllIdentities(func() { modelstest.SetTOTP(ms.T(), "ada@example.com") })
	ms.True(ms.user("ada@example.com").SecondStep)
}
