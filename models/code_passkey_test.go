package models_test

import (
	"time"

	"corral/internal/passkey/passkeytest"
	"corral/internal/totp"
	"corral/models"
	"corral/models/modelstest"
)

// withPasskeyAndTOTP signs up an account with a passkey and a TOTP key.
func (ms *ModelSuite) withPasskeyAndTOTP(email string) (a *passkeytest.Authenticator, key []byte) {
	ms.signUp(email)
	a = passkeytest.New(site)
	ms.addPasskey(a, email)
	key, _ = modelstest.SetTOTP(ms.T(), email)
	return a, key
}

// Logins, confirmations and the ending of links share one count of failed codes, which does
// not limit passkeys.
func (ms *ModelSuite) Test_PassCode_OneCount() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	a, key := ms.withPasskeyAndTOTP("ada@example.com")
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
	ms.NoError(errorOf(s.ConfirmWithPasskey(ctx, sudo, here)))
	ms.ErrorAs(ms.pass(modelstest.WrongCode(key), "192.0.2.3"), &limited, "a confirmation does not clear the count")
	ms.NoError(ms.passBy(ms.secondStepOf("ada@example.com"), a))
	ms.ErrorIs(ms.pass(modelstest.WrongCode(key), "192.0.2.3"), models.ErrBadCode, "a passed second step clears the count")
}

// An attacker in sudo, who can log in with a passkey of their own, must not guess the code that
// ends the owner's links.
func (ms *ModelSuite) Test_EndLinks_TenWrongCodesADay() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	a, key := ms.withPasskeyAndTOTP("ada@example.com")
	models.Clock.Move(oldEnough)
	ms.changeEmail(ms.user("ada@example.com"), "ada@example.org")
	ada := ms.user("ada@example.org")
	id := ms.lost(ada)["ada@example.com"]
	logIn := func() { ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a)))) }
	for n := range 10 {
		if n%5 == 0 {
			logIn() // clears the count of wrong codes
		}
		ms.ErrorIs(ada.EndLinksByCode(ctx, id, modelstest.WrongCode(key), clientAt(nthIP(n))), models.ErrBadCode)
	}
	for range 2 {
		logIn()
		var limited *models.RateLimited
		ms.ErrorAs(ada.EndLinksByCode(ctx, id, modelstest.NextCode(key), clientAt(nthIP(10))), &limited)
		ms.Equal("codes links", limited.Limit)
		models.Clock.Move(12 * time.Hour)
	}
	ms.NoError(ada.EndLinksByCode(ctx, id, modelstest.NextCode(key), clientAt(nthIP(10))))
}
