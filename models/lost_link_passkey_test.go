package models_test

import (
	"time"

	"corral/internal/passkey"
	"corral/internal/passkey/passkeytest"
	"corral/models"
	"corral/models/modelstest"
)

// An attacker who has confirmed the session, and reset the password by the new mailbox, cannot end
// the links.
func (ms *ModelSuite) Test_EndLinks_NeitherByAResetNorByAConfirmation() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	models.Clock.Move(8 * day) // only a factor older than seven days ends links
	ms.changeEmail(ms.user("ada@example.com"), "eve@example.com")
	ms.requestReset("eve@example.com")
	reset := modelstest.Link(ms.T(), "eve@example.com", models.MailReset)
	ms.NoError(errorOf(models.ResetPassword(ms.T().Context(), reset, "an entirely new set of words", here)))
	s := ms.found(ms.user("eve@example.com"))
	answer := answerOf(a.Get(ms.T(), ms.options(s.User.PasskeyOptions(ms.T().Context(), models.PasskeySudo))))
	ms.NoError(errorOf(s.ConfirmWithPasskey(ms.T().Context(), answer, here)))
	ms.notMe(models.MailEmailChanged)
	ms.user("ada@example.com")
}

const oldEnough = 7*day + time.Second // only a factor older than seven days ends links

// afterEmailChange returns the user of a session of Ada, who has changed her email, the ID of
// the link to the former one, and an answer of her passkey, of an age, that ends the link.
func (ms *ModelSuite) afterEmailChange(age time.Duration) (ada *models.User, id string, answer passkey.Answer) {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	models.Clock.Move(age)
	ms.changeEmail(ms.user("ada@example.com"), "ada@example.org")
	ada = ms.found(ms.user("ada@example.org")).User
	id = ms.lost(ada)["ada@example.com"]
	return ada, id, answerOf(a.Get(ms.T(), ms.options(ada.PasskeyOptions(ms.T().Context(), models.PasskeyLinks+id))))
}

// A challenge is used only if the request succeeds, so a refused answer can be sent again.
func (ms *ModelSuite) Test_EndLinks_RefusedPasskeyUsesNoChallengeUp() {
	ada, id, answer := ms.afterEmailChange(0)
	used := ms.count("used_challenges")
	for range 2 {
		ms.ErrorIs(ada.EndLinksByPasskey(ms.T().Context(), id, answer, here), models.ErrRefused)
	}
	ms.Equal(used, ms.count("used_challenges"))
}

// The first use of a factor is mailed, also if it ends links.
func (ms *ModelSuite) Test_EndLinks_FirstUseOfAPasskeyIsMailed() {
	ada, id, answer := ms.afterEmailChange(oldEnough)
	ms.NoError(ada.EndLinksByPasskey(ms.T().Context(), id, answer, here))
	ms.Contains(modelstest.Mails(ms.T(), "ada@example.org"), models.MailFactorFirstUsed)
}

func (ms *ModelSuite) Test_EndLinks_SessionEndedMeanwhile() {
	ada, id, answer := ms.afterEmailChange(oldEnough)
	_, err := models.EndSessionsOf(ms.T().Context(), ms.user("ada@example.org"))
	ms.NoError(err)
	ms.ErrorIs(ada.EndLinksByPasskey(ms.T().Context(), id, answer, here), models.ErrBadCredentials)
	ms.NotEmpty(ms.lost(ada))
}
