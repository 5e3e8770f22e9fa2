package models_test

import (
	"corral/internal/passkey/passkeytest"
	"corral/internal/totp"
	"corral/models"
	"corral/models/modelstest"
)

// Logins, confirmations and the ending of links share one count of failed codes, which does
// not limit passkeys.
func (ms *ModelSuite) Test_PassCode_OneCount() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	s := ms.found(ms.user("ada@example.com"))
	type attempt = func(code string) error
	attempts := []attempt{
		func(code string) error { return ms.pass(code, "192.0.2.1") },
		func(code string) error { return ms.confirmWithCode(s, code) },
		func(code string) error { return ms.user("ada@example.com").EndLinksByCode(ctx, "x", code, here) },
	}
	for n := range 5 {
		ms.ErrorIs(attempts[n%3](modelstest.WrongCode(key)), models.ErrBadCode)
	}
	var limited *models.RateLimited
	for _, attempt := range attempts {
		ms.ErrorAs(attempt(totp.Code(key, models.Clock.Now())), &limited)
	}
	sudo := answerOf(a.Get(ms.T(), ms.options(s.User.PasskeyOptions(ctx, models.PasskeySudo))))
	ms.NoError(errorOf(s.ConfirmWithPasskey(ctx, sudo, here))) // clears the count
	for range 5 {
		ms.ErrorIs(ms.pass(modelstest.WrongCode(key), "192.0.2.2"), models.ErrBadCode)
	}
	ms.ErrorAs(ms.pass(modelstest.WrongCode(key), "192.0.2.3"), &limited)
	ms.NoError(ms.passBy(ms.secondStepOf("ada@example.com"), a))
	ms.ErrorIs(ms.pass(modelstest.WrongCode(key), "192.0.2.3"), models.ErrBadCode, "a passed second step clears the count")
}
