package models_test

import (
	"time"

	"corral/models"
	"corral/models/modelstest"
)

// The first use of a factor is mailed, also if it ends links.
func (ms *ModelSuite) Test_EndLinks_FirstUseOfTOTPIsMailed() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	models.Clock.Move(7*day + time.Second) // only a factor older than seven days ends links
	ms.changeEmail(ms.user("ada@example.com"), "ada@example.org")
	ada := ms.user("ada@example.org")
	ms.NoError(ada.EndLinksByCode(ctx, ms.lost(ada)["ada@example.com"], modelstest.NextCode(key), here))
	ms.Contains(modelstest.Mails(ms.T(), "ada@example.org"), models.MailFactorFirstUsed)
}
