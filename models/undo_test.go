package models_test

import (
	"time"

	"corral/models"
	"corral/models/modelstest"
)

// has returns the kinds of factors in use, and whether the second step is on.
func (ms *ModelSuite) has(email string) (kinds []string, secondStep bool) {
	user := ms.user(email)
	factors, err := models.FactorsOf(ms.T().Context(), user)
	ms.NoError(err)
	kinds = []string{}
	for _, f := range factors {
		kinds = append(kinds, f.Kind)
	}
	return kinds, user.SecondStep
}

func (ms *ModelSuite) hasFactors(want []string, secondStep bool, why string) {
	kinds, on := ms.has("ada@example.com")
	ms.ElementsMatch(want, kinds, why) // factors of one millisecond may be in any order
	ms.Equal(secondStep, on, why)
}

func (ms *ModelSuite) addFactor(kind string) *models.Factor {
	f, err := models.AddFactor(ms.T().Context(), "ada@example.com", kind)
	ms.NoError(err)
	return f
}

func (ms *ModelSuite) removeFactor(f *models.Factor) {
	ms.NoError(models.RemoveFactor(ms.T().Context(), "ada@example.com", f))
}

func (ms *ModelSuite) turnSecondStep(on bool) {
	ms.NoError(models.SetSecondStep(ms.T().Context(), "ada@example.com", on))
}

// notMe opens the newest link of a template.
func (ms *ModelSuite) notMe(template string) {
	ms.NoError(models.Undo(ms.T().Context(), modelstest.Link(ms.T(), "ada@example.com", template), here))
}

// later moves the clock forward, and lets the janitor make the changes that are due.
func (ms *ModelSuite) later(d time.Duration) {
	models.Clock.Move(d)
	ms.purge()
}

var nothing = []string{}

// An undo makes the password void. The page must not say that an earlier one works again.
func (ms *ModelSuite) Test_Undo_ListsNoPassword() {
	ctx := ms.T().Context()
	ada := ms.signUp("ada@example.com")
	ms.NoError(ada.ChangePassword(ctx, modelstest.Password, here))
	link := modelstest.Link(ms.T(), "ada@example.com", models.MailPasswordChanged)
	ms.changeEmail(ada, "ada@example.org")
	_, err := models.ResetPassword(ctx, ms.requestReset("ada@example.org"), modelstest.Password, here)
	ms.NoError(err)
	found, err := models.FindNotMe(ctx, link)
	ms.NoError(err)
	ms.Equal([]string{models.ActivityEmail}, found.Kinds)
}

// A notice has the number of the next change. An undo of that change also ends the link of
// the notice.
func (ms *ModelSuite) Test_Undo_EndsLinksOfTheSameNumber() {
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	ms.NoError(ms.user("ada@example.com").RequestEmailChange(ms.T().Context(), "ada@example.org", here))
	notice := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailRequested)
	ms.addFactor("passkey")
	ms.notMe("passkey_added")
	ms.hasFactors([]string{"passkey"}, false, "the older passkey")
	ms.ErrorIs(models.Undo(ms.T().Context(), notice, here), models.ErrNotFound)
}

func (ms *ModelSuite) Test_Undo_FactorsAtOnceWithoutSecondStep() {
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	ms.hasFactors([]string{"passkey"}, false, "added")
	ms.notMe("passkey_added")
	ms.hasFactors(nothing, false, "undone at once")
	ms.Equal(1, ms.mailsOf(models.MailUndone), "the email is the same")
}

// An attacker who knows the password and sets TOTP must not lock the owner out.
func (ms *ModelSuite) Test_Undo_FactorsADayLaterWithSecondStep() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("totp")
	first := modelstest.Link(ms.T(), "ada@example.com", "totp_added")
	ms.addFactor("codes")
	ms.turnSecondStep(true)
	found, err := models.FindNotMe(ms.T().Context(), first)
	ms.NoError(err)
	ms.Equal(&models.NotMe{UserID: ms.user("ada@example.com").ID, Email: "ada@example.com", Template: "totp_added", Kinds: []string{"second_step_on", "codes_added", "totp_added"}, Waits: true}, found)
	ms.NoError(models.Undo(ms.T().Context(), first, here))
	ms.later(24*time.Hour - time.Second)
	ms.hasFactors([]string{"totp", "codes"}, true, "a mailbox alone changes no factor")
	before, version := len(modelstest.Mails(ms.T(), "ada@example.com")), ms.user("ada@example.com").CredentialVersion
	ms.later(time.Second)
	ms.hasFactors(nothing, false, "a day later")
	ms.Greater(ms.user("ada@example.com").CredentialVersion, version, "the undo ends logins that wait for their second step")
	ms.ElementsMatch([]string{models.MailUndoFinished, models.MailReset}, modelstest.Mails(ms.T(), "ada@example.com")[before:])
	ms.Zero(ms.count("undo_parts"))
}

func (ms *ModelSuite) Test_Undo_LoginStopsNoPartOfOtherFactors() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("totp")
	passkey := ms.addFactor("passkey")
	ms.turnSecondStep(true)
	ms.notMe("totp_added")
	ms.NoError(models.UseFactor(ms.T().Context(), "ada@example.com", passkey))
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"passkey"}, false, "the TOTP key was removed")
}

// A login by the new TOTP key stops the return of the former key: an attacker may have the
// owner's phone, with the mailbox and the former key.
func (ms *ModelSuite) Test_Undo_ReplacedTOTPStaysReplaced() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	former := ms.addFactor("totp")
	ms.turnSecondStep(true)
	ms.addFactor("passkey")
	ms.removeFactor(former)
	replaced := ms.addFactor("totp")
	ms.notMe("totp_removed")
	ms.NoError(models.UseFactor(ms.T().Context(), "ada@example.com", replaced))
	ms.later(24 * time.Hour)
	factors, err := models.FactorsOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Len(factors, 2)
	ms.Equal(replaced.ID, factors[1].ID)
}

// An undo restores a removed factor. It first removes the factor that replaced it.
func (ms *ModelSuite) Test_Undo_RestoresARemovedFactor() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	former := ms.addFactor("totp")
	ms.addFactor("passkey")
	ms.turnSecondStep(true)
	ms.removeFactor(former)
	ms.addFactor("totp")
	ms.notMe("totp_removed")
	ms.later(24 * time.Hour)
	factors, err := models.FactorsOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Len(factors, 2)
	ms.Equal(former.ID, factors[0].ID)
}

func (ms *ModelSuite) Test_Undo_SecondUndoLeavesTheFirst() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	older := modelstest.Link(ms.T(), "ada@example.com", "passkey_added")
	ms.turnSecondStep(true)
	ms.addFactor("totp")
	ms.notMe("totp_added")
	ms.later(12 * time.Hour)
	ms.NoError(models.Undo(ms.T().Context(), older, here))
	ms.later(12 * time.Hour)
	ms.hasFactors([]string{"passkey"}, true, "the first undo")
	ms.later(12 * time.Hour)
	ms.hasFactors(nothing, false, "the second undo")
}

// After a login has stopped an undo, the link of an older change still works.
func (ms *ModelSuite) Test_Undo_StoppedPartIsUndoneByAnOlderLink() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	older := modelstest.Link(ms.T(), "ada@example.com", "passkey_added")
	ms.turnSecondStep(true)
	totp := ms.addFactor("totp")
	ms.notMe("totp_added")
	ms.NoError(models.UseFactor(ms.T().Context(), "ada@example.com", totp))
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"passkey", "totp"}, true, "stopped")
	ms.NoError(models.Undo(ms.T().Context(), older, here))
	ms.later(24 * time.Hour)
	ms.hasFactors(nothing, false, "undone")
}

func (ms *ModelSuite) Test_Undo_RemovedFactorIsPurgedAfterItsLastLink() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.removeFactor(ms.addFactor("passkey"))
	ms.later(8 * day)
	ms.Equal(1, ms.count("factors"))
	ms.later(day)
	ms.Zero(ms.count("factors"))
}

// A mail was delivered two days late, after an outage. The factor is kept until the link has
// expired, and while an undo waits.
func (ms *ModelSuite) Test_Undo_RemovedFactorIsKeptForALateLink() {
	for _, undone := range []bool{false, true} {
		modelstest.Empty(ms.T())
		models.Clock.Stop()
		ms.signUp("ada@example.com")
		ms.addFactor("passkey")
		ms.turnSecondStep(true)
		ms.removeFactor(ms.addFactor("passkey"))
		ms.later(2*day + 2*time.Hour)
		ms.NoError(models.StartLink(ms.T().Context(), ms.mail("ada@example.com")))
		ms.later(7*day - time.Hour)
		ms.Equal(2, ms.count("factors"), "the link works")
		if !undone {
			ms.turnSecondStep(false) // the link of this change does not restore the factor
			ms.later(time.Hour)
			ms.Equal(1, ms.count("factors"), "the link has expired")
			continue
		}
		ms.notMe("passkey_removed")
		ms.later(24*time.Hour - time.Second)
		ms.hasFactors([]string{"passkey"}, true, "the undo waits")
		ms.later(time.Second)
		ms.hasFactors([]string{"passkey", "passkey"}, true, "restored")
	}
}

// Only a session that began with a factor that is not undone may decide about an undo.
func (ms *ModelSuite) Test_Undo_Decide() {
	for _, now := range []bool{false, true} {
		modelstest.Empty(ms.T())
		ctx := ms.T().Context()
		ms.signUp("ada@example.com")
		passkey := ms.addFactor("passkey")
		ms.turnSecondStep(true)
		totp := ms.addFactor("totp")
		ms.notMe("totp_added")
		s, err := models.StartSession(ctx, ms.user("ada@example.com"), here, models.Session{})
		ms.NoError(err)
		ms.ErrorIs(s.DecideUndo(ctx, now, here), models.ErrRefused, "a login without a factor")
		s.FactorID.Valid, s.FactorID.UUID = true, totp.ID
		ms.ErrorIs(s.DecideUndo(ctx, now, here), models.ErrRefused, "a login by a factor that the undo removes")
		s.FactorID.UUID = passkey.ID
		ms.NoError(s.DecideUndo(ctx, now, here))
		want := []string{"passkey", "totp"}
		if now {
			want = want[:1]
		}
		ms.hasFactors(want, true, "decided")
		ms.ErrorIs(s.DecideUndo(ctx, now, here), models.ErrNotFound)
		ms.later(24 * time.Hour)
		ms.hasFactors(want, true, "a day later")
	}
}

func (ms *ModelSuite) Test_Undo_WaitingChanges() {
	models.Clock.Stop()
	waiting := func() (kinds []string) {
		list, err := models.WaitingChangesOf(ms.T().Context(), ms.user("ada@example.com"))
		ms.NoError(err)
		for _, w := range list {
			ms.True(models.Clock.Now().Add(models.UndoDelay).Equal(w.DueAt))
			kinds = append(kinds, w.Kind)
		}
		return kinds
	}
	ms.signUp("ada@example.com")
	passkey := ms.addFactor("passkey")
	ms.turnSecondStep(true)
	first := modelstest.Link(ms.T(), "ada@example.com", "second_step_on")
	ms.Empty(waiting())
	ms.addFactor("totp")
	ms.removeFactor(passkey)
	ms.turnSecondStep(false)
	ms.turnSecondStep(true)
	ms.notMe("totp_added")
	ms.ElementsMatch([]string{"totp_removed", "passkey_added"}, waiting(), "the second step is as it was")
	ms.NoError(models.Undo(ms.T().Context(), first, here))
	ms.ElementsMatch([]string{"totp_removed", "passkey_added", "second_step_off"}, waiting())
}
