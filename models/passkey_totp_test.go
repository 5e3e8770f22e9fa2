package models_test

import (
	"time"

	"corral/internal/passkey/passkeytest"
	"corral/internal/secret"
	"corral/models"
	"corral/models/modelstest"
)

// A TOTP key that no SESSION_SECRET opens is no way in, until the operator restores the secret.
func (ms *ModelSuite) Test_TOTP_OfALostKeyIsNoWayIn() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	passkey := ms.addPasskey(passkeytest.New(site), "ada@example.com")
	modelstest.SetTOTP(ms.T(), "ada@example.com")
	defer models.Rekey(modelstest.Config().SessionSecrets...)
	models.Rekey(secret.New())
	ms.ErrorIs(ms.user("ada@example.com").RemovePasskey(ctx, passkey.ID.String(), here), models.ErrRefused)
	ms.turnSecondStep(false)
	ms.NoError(ms.user("ada@example.com").RemovePasskey(ctx, passkey.ID.String(), here))
	ms.ErrorIs(errorOf(ms.user("ada@example.com").TurnSecondStep(ctx, true, here)), models.ErrRefused)
	models.Rekey(modelstest.Config().SessionSecrets...)
	ms.NoError(errorOf(ms.user("ada@example.com").TurnSecondStep(ctx, true, here)))
}

// A login by passkey in the browser that gave the password cancels the mail, too.
func (ms *ModelSuite) Test_NotPassed_PasskeyCancelsTheMail() {
	ms.withSecondStep()
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	client := ms.passPassword(here)
	_, err := models.LogInWithPasskey(ms.T().Context(), ms.loginAnswer(a), client, false)
	ms.NoError(err)
	models.Clock.Move(time.Hour)
	ms.NotContains(ms.deliver(), models.MailNotPassed)
	ms.passPassword(clientAt("198.51.100.1"))
	models.Clock.Move(time.Hour)
	ms.Contains(ms.deliver(), models.MailNotPassed, "the cancelled mail was not the one of the day")
}

// Of the last two passkeys, concurrent requests can remove only one.
func (ms *ModelSuite) Test_Passkey_LastWayInUnderParallelRequests() {
	ms.signUp("ada@example.com")
	var removals []func() error
	for range 4 {
		f := ms.addPasskey(passkeytest.New(site), "ada@example.com")
		removals = append(removals, func() error {
			for {
				user := ms.user("ada@example.com")
				err := user.RemovePasskey(ms.T().Context(), f.ID.String(), here)
				if err != models.ErrBadCredentials { // another request was first
					return err
				}
			}
		})
	}
	user := ms.user("ada@example.com")
	ms.NoError(errorOf(user.RemovePassword(ms.T().Context(), here)))
	refused := 0
	for _, err := range atOnce(removals...) {
		if err != nil {
			ms.ErrorIs(err, models.ErrRefused)
			refused++
		}
	}
	ms.Equal(1, refused)
	ms.hasFactors([]string{"passkey", "codes"}, true, "one passkey is left")
}
