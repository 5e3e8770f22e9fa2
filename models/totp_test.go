package models_test

import (
	"bytes"
	"slices"

	"corral/internal/secret"
	"corral/internal/totp"
	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) Test_TOTP_SetTurnsTheSecondStepOn() {
	models.Clock.Stop()
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	key := totp.NewKey()
	_, err := ada.SetTOTP(ctx, key, modelstest.WrongCode(key), here)
	ms.ErrorIs(err, models.ErrBadCode)
	ms.hasFactors(nothing, false, "after a wrong code")
	codes, err := ada.SetTOTP(ctx, key, totp.Code(key, models.Clock.Now()), here)
	ms.NoError(err)
	ms.Len(codes, 10)
	ms.hasFactors([]string{"totp", "codes"}, true, "set")
	ms.Equal([]string{"totp_added"}, modelstest.Mails(ms.T(), "ada@example.com"), "one mail for all")
	found, err := models.FindNotMe(ctx, modelstest.Link(ms.T(), "ada@example.com", "totp_added"))
	ms.NoError(err)
	ms.Equal([]string{"codes_added", "second_step_on", "totp_added"}, found.Kinds)
	_, err = ada.SetTOTP(ctx, key, totp.Code(key, models.Clock.Now()), here)
	ms.ErrorIs(err, models.ErrRefused, "the account has a TOTP key")
}

func (ms *ModelSuite) Test_TOTP_SetLeavesTheRecoveryCodes() {
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	ada := ms.user("ada@example.com")
	codes, err := ada.TurnSecondStep(ms.T().Context(), true, here)
	ms.NoError(err)
	_, none := modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.Empty(none)
	ms.NoError(ms.pass(codes[0], "192.0.2.1"))
}

func (ms *ModelSuite) Test_TOTP_OneOfConcurrentSetsSucceeds() {
	for range 5 {
		modelstest.Empty(ms.T())
		ada := ms.signUp("ada@example.com")
		set := func() error {
			own, key := *ada, totp.NewKey()
			_, err := own.SetTOTP(ms.T().Context(), key, totp.Code(key, models.Clock.Now()), here)
			return err
		}
		ms.ElementsMatch([]error{nil, models.ErrBadCredentials, models.ErrBadCredentials}, atOnce(set, set, set))
	}
}

func (ms *ModelSuite) Test_TOTP_LastFactorStays() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	ms.ErrorIs(ms.user("ada@example.com").RemoveTOTP(ctx, here), models.ErrNotFound)
	modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.ErrorIs(ms.user("ada@example.com").RemoveTOTP(ctx, here), models.ErrRefused)
	ms.addFactor("passkey")
	ms.NoError(ms.user("ada@example.com").RemoveTOTP(ctx, here))
	ms.hasFactors([]string{"codes", "passkey"}, true, "removed")
	ms.Contains(modelstest.Mails(ms.T(), "ada@example.com"), "totp_removed")
}

// The database must not contain the key in plain. The operator can replace the secret that
// encrypts it.
func (ms *ModelSuite) Test_TOTP_KeyIsSealed() {
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	stored := func() []byte {
		factors, err := models.FactorsOf(ms.T().Context(), ms.user("ada@example.com"))
		ms.NoError(err)
		return factors[slices.IndexFunc(factors, func(f models.Factor) bool { return f.Kind == models.FactorTOTP })].Data
	}
	first := stored()
	ms.False(bytes.Contains(first, key))
	ms.False(bytes.Contains(first, []byte(totp.Text(key))))

	usual, newest := modelstest.Config().SessionSecrets, secret.New()
	defer models.Rekey(usual...)
	models.Rekey(append([]string{newest}, usual...)...)
	ms.NoError(ms.pass(modelstest.NextCode(key), "192.0.2.1"))
	ms.NotEqual(first, stored())
	models.Rekey(newest)
	ms.NoError(ms.pass(modelstest.NextCode(key), "192.0.2.1"), "without the older secret")
	ms.False(ms.explain("ada@example.com").KeyLost)
	models.Rekey(secret.New())
	ms.ErrorIs(ms.pass(modelstest.NextCode(key), "192.0.2.1"), models.ErrBadCode, "the key is lost")
	ms.True(ms.explain("ada@example.com").KeyLost)
	ms.NoError(ms.pass(codes[0], "192.0.2.1"))
}
