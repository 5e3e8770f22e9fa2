package models_test

import (
	"time"

	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) Test_Explain_Factors() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.knownBrowser(ms.user("ada@example.com"), "")
	// The known browser skips the second step.
	ms.NoError(ms.DB.RawQuery("UPDATE device_cookies SET skips_until = ?, skip_version = (SELECT credential_version FROM users)", models.Clock.Now().Add(time.Hour)).Exec())
	f := ms.explain("ada@example.com")
	ms.Len(f.Factors, 2)
	ms.Equal(10, f.CodesLeft)
	ms.Nil(f.LimitedCodes)
	ms.Len(f.Skips, 1)
	ms.Empty(f.Waiting)
	for range 6 {
		ms.Error(ms.pass(modelstest.WrongCode(key), "192.0.2.1"))
	}
	ms.resetFactors(false)
	f = ms.explain("ada@example.com")
	ms.NotNil(f.LimitedCodes)
	ms.Equal(models.ActivityCodeFailed, f.Failures[0].Kind)
	ms.Len(f.Waiting, 3)
}
