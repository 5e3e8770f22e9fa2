package models_test

import (
	"strings"

	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) codesLeft() int {
	left, err := ms.user("ada@example.com").RecoveryCodesLeft(ms.T().Context())
	ms.NoError(err)
	return left
}

func (ms *ModelSuite) Test_RecoveryCodes_EachWorksOnce() {
	ms.signUp("ada@example.com")
	ms.Zero(ms.codesLeft())
	_, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	before := len(modelstest.Mails(ms.T(), "ada@example.com"))
	for i, code := range codes {
		ms.Equal(10-i, ms.codesLeft())
		ms.NoError(ms.pass(" "+strings.ToLower(strings.ReplaceAll(code, "-", " "))+"\n", "192.0.2.1"))
		ms.ErrorIs(ms.pass(code, nthIP(i)), models.ErrBadCode)
	}
	mails := modelstest.Mails(ms.T(), "ada@example.com")[before:]
	ms.Len(mails, 11)
	ms.ElementsMatch([]string{models.MailCodeUsed, models.MailCodesLow}, mails[6:8], "at three left")
}

func (ms *ModelSuite) Test_RecoveryCodes_NewOnesVoidTheOld() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	_, err := ms.user("ada@example.com").MakeRecoveryCodes(ctx, here)
	ms.ErrorIs(err, models.ErrRefused, "the second step is off")
	_, old := modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.NoError(ms.pass(old[0], "192.0.2.1"))
	before := len(modelstest.Mails(ms.T(), "ada@example.com"))
	codes, err := ms.user("ada@example.com").MakeRecoveryCodes(ctx, here)
	ms.NoError(err)
	ms.Equal([]string{"codes_added"}, modelstest.Mails(ms.T(), "ada@example.com")[before:], "one mail")
	ms.Equal(10, ms.codesLeft())
	ms.ErrorIs(ms.pass(old[1], "192.0.2.1"), models.ErrBadCode)
	ms.NoError(ms.pass(codes[1], "192.0.2.1"))

	ms.notMe("codes_added")
	ms.later(models.UndoDelay)
	ms.Equal(9, ms.codesLeft(), "the link restores the old codes")
	ms.NoError(ms.pass(old[1], "192.0.2.1"))
	ms.ErrorIs(ms.pass(old[0], "192.0.2.1"), models.ErrBadCode, "a used code")
	ms.ErrorIs(ms.pass(codes[2], "192.0.2.1"), models.ErrBadCode)
}

func (ms *ModelSuite) Test_SecondStep_Switch() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	turn := func(on bool) (codes []string, err error) {
		return ms.user("ada@example.com").TurnSecondStep(ctx, on, here)
	}
	_, err := turn(true)
	ms.ErrorIs(err, models.ErrRefused, "without passkey and TOTP")
	ms.addFactor("passkey")
	old, err := turn(true)
	ms.NoError(err)
	ms.Len(old, 10)
	none, err := turn(true)
	ms.NoError(err)
	ms.Empty(none, "on already")
	ms.hasFactors([]string{"passkey", "codes"}, true, "on")
	_, err = turn(false)
	ms.NoError(err)
	ms.hasFactors([]string{"passkey"}, false, "off")
	ms.Equal([]string{"passkey_added", "second_step_on", "second_step_off"}, modelstest.Mails(ms.T(), "ada@example.com"))
	ms.notMe("second_step_off")
	ms.hasFactors([]string{"passkey", "codes"}, true, "undone")
	ms.NoError(ms.pass(old[0], "192.0.2.1"))
	_, err = turn(false)
	ms.ErrorIs(err, models.ErrRefused, "no password after the undo")
}
