package models_test

import (
	"time"

	"corral/models"
	"corral/models/modelstest"
)

// resetFactors lets an operator reset ada's factors.
func (ms *ModelSuite) resetFactors(now bool) time.Time {
	due, err := ms.user("ada@example.com").ResetFactors(ms.T().Context(), now)
	ms.NoError(err)
	return due
}

// withFactors signs ada up, with a passkey, TOTP and the second step.
func (ms *ModelSuite) withFactors() (passkey *models.Factor) {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	passkey = ms.addFactor("passkey")
	ms.addFactor("totp")
	ms.turnSecondStep(true)
	return passkey
}

func (ms *ModelSuite) Test_ResetFactors_ADayLater() {
	ms.withFactors()
	due := ms.resetFactors(false)
	ms.True(models.Clock.Now().Add(models.UndoDelay).Equal(due))
	mails := modelstest.Mails(ms.T(), "ada@example.com")
	ms.Equal(models.MailFactorsReset, mails[len(mails)-1])
	ms.later(time.Hour)
	ms.True(due.Equal(ms.resetFactors(false)), "a second call does not move the removal")
	ms.later(23*time.Hour - time.Second)
	ms.hasFactors([]string{"passkey", "totp"}, true, "not yet")
	ms.later(time.Second)
	ms.hasFactors(nothing, false, "done")
	ms.Zero(ms.count("undo_parts"))
	user := ms.user("ada@example.com")
	ms.NotEmpty(user.PasswordDigest, "the password stays")
	ms.ElementsMatch([]string{"passkey_removed", "totp_removed", "second_step_off", models.ActivityFactorsReset}, ms.activity(user)[:4])
	_, err := user.ResetFactors(ms.T().Context(), false)
	ms.ErrorIs(err, models.ErrNotFound)
}

// An attacker must not be able to keep the owner from adding factors again.
func (ms *ModelSuite) Test_ResetFactors_AllowsChangesAgain() {
	ms.withFactors()
	change := func() error {
		return ms.user("ada@example.com").ChangePassword(ms.T().Context(), "an entirely new set of words", here)
	}
	ms.NoError(change())
	ms.NoError(ms.DB.RawQuery("UPDATE rate_limits SET attempts = 100 WHERE id LIKE 'change %'").Exec())
	var limited *models.RateLimited
	ms.ErrorAs(change(), &limited)
	ms.resetFactors(true)
	ms.NoError(change())
}

// The link of the first mail stops the removal: an attacker may have deceived the operator.
func (ms *ModelSuite) Test_ResetFactors_StoppedByTheLink() {
	ms.withFactors()
	ms.resetFactors(false)
	ms.notMe(models.MailFactorsReset)
	ms.Zero(ms.count("undo_parts"))
	ms.later(2 * day)
	ms.hasFactors([]string{"passkey", "totp"}, true, "stopped")
}

func (ms *ModelSuite) Test_ResetFactors_StoppedByALogin() {
	passkey := ms.withFactors()
	ms.resetFactors(false)
	ms.NoError(models.UseFactor(ms.T().Context(), "ada@example.com", passkey))
	ms.later(2 * day)
	ms.hasFactors([]string{"passkey", "totp"}, true, "stopped")
}

// The removal is not made while the account is deleted: its mail has a link that would undo the
// deletion.
func (ms *ModelSuite) Test_ResetFactors_StoppedByADeletion() {
	ms.withFactors()
	ms.resetFactors(false)
	ms.NoError(ms.user("ada@example.com").Delete(ms.T().Context(), here))
	ms.later(day)
	ms.NotContains(modelstest.Mails(ms.T(), "ada@example.com"), models.MailFactorsRemoved)
	ms.notMe(models.MailAccountDeleted)
	ms.later(2 * day)
	ms.hasFactors([]string{"passkey", "totp"}, true, "stopped for good")
}

// The owner sees the mail too late: the links of both mails restore the factors.
func (ms *ModelSuite) Test_ResetFactors_UndoneByALink() {
	for _, template := range []string{models.MailFactorsReset, models.MailFactorsRemoved} {
		modelstest.Empty(ms.T())
		ms.withFactors()
		ms.resetFactors(false)
		ms.later(day)
		ms.hasFactors(nothing, false, "done")
		ms.notMe(template)
		ms.hasFactors([]string{"passkey", "totp"}, true, template)
	}
}

func (ms *ModelSuite) Test_ResetFactors_Now() {
	ms.withFactors()
	ms.resetFactors(false)
	ms.resetFactors(true)
	ms.hasFactors(nothing, false, "done")
	ms.Zero(ms.count("undo_parts"))
	ms.notMe(models.MailFactorsRemoved)
	ms.hasFactors([]string{"passkey", "totp"}, true, "undone")
}

// A factor that was added after the request stays. The second step is turned off all the same.
func (ms *ModelSuite) Test_ResetFactors_KeepsLaterFactors() {
	ms.withFactors()
	ms.resetFactors(false)
	ms.addFactor("passkey")
	ms.later(day)
	ms.hasFactors([]string{"passkey"}, false, "the earlier factors are removed")
}

// A second step that the owner turns on after the request stays on while a factor passes it.
func (ms *ModelSuite) Test_ResetFactors_KeepsALaterSecondStep() {
	for _, later := range []bool{true, false} {
		modelstest.Empty(ms.T())
		models.Clock.Stop()
		ms.signUp("ada@example.com")
		ms.addFactor("totp")
		ms.resetFactors(false)
		want := nothing
		if later {
			ms.addFactor("passkey")
			want = []string{"passkey"}
		}
		ms.turnSecondStep(true)
		ms.later(day)
		ms.hasFactors(want, later, "nobody could pass it without a factor")
	}
}

// An operator's reset does not delay the owner's undo.
func (ms *ModelSuite) Test_ResetFactors_BesideAnUndo() {
	ms.withFactors()
	ms.notMe("totp_added")
	ms.later(12 * time.Hour)
	ms.resetFactors(false)
	ms.later(12 * time.Hour)
	ms.hasFactors([]string{"passkey"}, false, "removed by the undo")
	ms.later(12 * time.Hour)
	ms.hasFactors(nothing, false, "removed by the operator")
}
