package models_test

import (
	"time"

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

// A challenge is used only if the request succeeds, so a refused answer can be sent again.
func (ms *ModelSuite) Test_EndLinks_RefusedPasskeyUsesNoChallengeUp() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	ms.changeEmail(ms.user("ada@example.com"), "ada@example.org")
	ada, used := ms.user("ada@example.org"), ms.count("used_challenges")
	id := ms.lost(ada)["ada@example.com"]
	answer := answerOf(a.Get(ms.T(), ms.options(ada.PasskeyOptions(ctx, models.PasskeyLinks+id))))
	for range 2 {
		ms.ErrorIs(ada.EndLinksByPasskey(ctx, id, answer, here), models.ErrRefused)
	}
	ms.Equal(used, ms.count("used_challenges"))
}

// The first use of a factor is mailed, also if it ends links.
func (ms *ModelSuite) Test_EndLinks_FirstUseOfAPasskeyIsMailed() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	models.Clock.Move(7*day + time.Second) // only a factor older than seven days ends links
	ms.changeEmail(ms.user("ada@example.com"), "ada@example.org")
	ada := ms.user("ada@example.org")
	id := ms.lost(ada)["ada@example.com"]
	answer := answerOf(a.Get(ms.T(), ms.options(ada.PasskeyOptions(ctx, models.PasskeyLinks+id))))
	ms.NoError(ada.EndLinksByPasskey(ctx, id, answer, here))
	ms.Contains(modelstest.Mails(ms.T(), "ada@example.org"), models.MailFactorFirstUsed)
}

func (ms *ModelSuite) Test_EndLinks_SessionEndedMeanwhile() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	models.Clock.Move(7*day + time.Second)
	ms.changeEmail(ms.user("ada@example.com"), "ada@example.org")
	s := ms.found(ms.user("ada@example.org"))
	id := ms.lost(s.User)["ada@example.com"]
	answer := answerOf(a.Get(ms.T(), ms.options(s.User.PasskeyOptions(ctx, models.PasskeyLinks+id))))
	_, err := models.EndSessionsOf(ctx, ms.user("ada@example.org"))
	ms.NoError(err)
	ms.ErrorIs(s.User.EndLinksByPasskey(ctx, id, answer, here), models.ErrBadCredentials)
	ms.NotEmpty(ms.lost(s.User))
}
