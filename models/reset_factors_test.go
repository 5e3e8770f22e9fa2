package models_test

import (
	"time"

	"github.com/gofrs/uuid"

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

// withWaitingUndo signs Ada up with a passkey on her phone. A thief of the phone adds a passkey at
// an open session, Ada removes the phone's and undoes the thief's change: the undo will remove the
// thief's passkey and restore the phone's.
func (ms *ModelSuite) withWaitingUndo() (phone, thiefs *models.Factor) {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	phone = ms.addFactor("passkey")
	ms.turnSecondStep(true)
	thiefs = ms.addFactor("passkey")
	link := modelstest.Link(ms.T(), "ada@example.com", "passkey_added")
	ms.removeFactor(phone)
	ms.NoError(models.Undo(ms.T().Context(), link, here))
	return phone, thiefs
}

func (ms *ModelSuite) Test_ResetFactors_RemovesWhatAnUndoRestores() {
	for name, reset := range map[string]func(thiefs *models.Factor){
		"at once":          func(*models.Factor) { ms.resetFactors(true) },
		"an hour after it": func(*models.Factor) { ms.later(time.Hour); ms.resetFactors(false); ms.later(23 * time.Hour) },
		"together with it": func(*models.Factor) { ms.resetFactors(false) },
		"without factors in use": func(thiefs *models.Factor) {
			ms.turnSecondStep(false)
			ms.removeFactor(thiefs)
			ms.resetFactors(false)
		},
	} {
		modelstest.Empty(ms.T())
		_, thiefs := ms.withWaitingUndo()
		reset(thiefs)
		ms.later(day)
		ms.hasFactors(nothing, false, name)
		ms.Zero(ms.count("undo_parts"), name)
	}
}

// The link of the operator's mail does not restore what the undo has removed.
func (ms *ModelSuite) Test_ResetFactors_LeavesTheUndoDone() {
	phone, _ := ms.withWaitingUndo()
	ms.resetFactors(true)
	ms.notMe(models.MailFactorsRemoved)
	factors, err := models.FactorsOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Equal([]uuid.UUID{phone.ID}, factors.IDs())
}
