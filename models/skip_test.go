package models_test

import (
	"corral/models"
	"corral/models/modelstest"
)

// skips reports whether a login by password skips the second step.
func (ms *ModelSuite) skips(email, rawDeviceCookie string) bool {
	client := here
	client.RawDeviceCookie = rawDeviceCookie
	s, step, err := models.LogIn(ms.T().Context(), models.Credentials{Email: email, Password: modelstest.Password, Client: client}, false)
	ms.NoError(err)
	ms.NotEqual(s == nil, step == nil)
	if s != nil {
		ms.False(s.Confirmed(), "the password alone does not confirm")
		ms.False(s.FactorID.Valid)
	}
	return s != nil
}
