package models_test

import (
	"slices"
	"time"

	"github.com/gofrs/uuid"

	"corral/internal/undo"
	"corral/models"
	"corral/models/modelstest"
)

// loggedInBy starts a session by a factor. This stops the factor's removal.
func (ms *ModelSuite) loggedInBy(f *models.Factor) *models.Session {
	ms.NoError(models.UseFactor(ms.T().Context(), "ada@example.com", f))
	started, err := models.StartSession(ms.T().Context(), ms.user("ada@example.com"), here, models.Session{FactorID: uuid.NullUUID{UUID: f.ID, Valid: true}})
	ms.NoError(err)
	s, err := ms.find(started.RawSessionToken)
	ms.NoError(err)
	return s
}

// requireDecides requires that a session may, or may not, stop the waiting changes.
func (ms *ModelSuite) requireDecides(want bool, s *models.Session) {
	may, err := s.MayDecideUndo(ms.T().Context())
	ms.NoError(err)
	ms.Equal(want, may)
	if err = s.DecideUndo(ms.T().Context(), false, here); want {
		ms.NoError(err)
	} else {
		ms.ErrorIs(err, models.ErrRefused)
	}
}

// An attacker who reads the owner's mails and has added a factor can stop the removal of this
// factor by a login, but not the return of the owner's factor.
func (ms *ModelSuite) Test_Undo_AnAttackersFactorDecidesNothing() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ownersPasskey := ms.addFactor("passkey")
	ms.turnSecondStep(true)
	attackersTOTP := ms.addFactor("totp")
	ms.removeFactor(ownersPasskey)
	ms.notMe("totp_added")
	ms.requireDecides(false, ms.loggedInBy(attackersTOTP))
	ms.requireDecides(false, ms.loggedInBy(ms.addFactor("passkey")))
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"passkey", "totp", "passkey"}, true, "the owner's passkey returned")
}

// The undo of an older change takes over the items of a waiting undo: a session by a factor
// that the older change added can no longer stop the waiting changes.
func (ms *ModelSuite) Test_Undo_OlderLinkTakesOverWaitingItems() {
	for _, older := range []bool{false, true} {
		modelstest.Empty(ms.T())
		models.Clock.Stop()
		ms.signUp("ada@example.com")
		passkey := ms.addFactor("passkey")
		ms.turnSecondStep(true)
		totp := ms.addFactor("totp")
		ms.removeFactor(passkey)
		ms.notMe("passkey_removed")
		if older {
			ms.notMe("totp_added")
		}
		ms.requireDecides(!older, ms.loggedInBy(totp))
	}
}

// A user whose waiting changes fail must not stop those of other users.
func (ms *ModelSuite) Test_Undo_FinishesOthersAfterAFailure() {
	models.Clock.Stop()
	bob := ms.signUp("bob@example.com")
	ms.NoError(ms.DB.Create(&undo.Part{ID: uuid.Must(uuid.NewV7()), UserID: bob.ID, Number: 1, DueAt: models.Clock.Now()}))
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	ms.turnSecondStep(true)
	ms.addFactor("totp")
	ms.notMe("totp_added")
	models.Clock.Move(24 * time.Hour)
	ms.refuseToDeleteParts(bob.ID)
	ms.ErrorContains(models.FinishUndos(ms.T().Context()), "refused by a trigger")
	ms.hasFactors([]string{"passkey"}, true, "Ada's undo is done")
}

func (ms *ModelSuite) refuseToDeleteParts(userID uuid.UUID) {
	create := []string{"CREATE TRIGGER refuse BEFORE DELETE ON undo_parts WHEN OLD.user_id = '" + userID.String() + "' BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END"}
	drop := []string{"DROP TRIGGER refuse"}
	if ms.DB.Dialect.Name() == "postgres" {
		create = []string{
			"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused by a trigger''; END'",
			"CREATE TRIGGER refuse BEFORE DELETE ON undo_parts FOR EACH ROW WHEN (OLD.user_id = '" + userID.String() + "') EXECUTE FUNCTION refuse()",
		}
		drop = []string{"DROP TRIGGER refuse ON undo_parts", "DROP FUNCTION refuse"}
	}
	for _, statement := range create {
		ms.NoError(ms.DB.RawQuery(statement).Exec())
	}
	ms.T().Cleanup(func() {
		for _, statement := range drop {
			ms.NoError(ms.DB.RawQuery(statement).Exec())
		}
	})
}

// The undo was made after the login, and has ended the session.
func (ms *ModelSuite) Test_Undo_AnEndedSessionDecidesNothing() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	passkey := ms.addFactor("passkey")
	ms.turnSecondStep(true)
	s := ms.loggedInBy(passkey)
	ms.addFactor("totp")
	s.User = ms.user("ada@example.com") // read after the change and before the undo
	ms.notMe("totp_added")
	ms.ErrorIs(s.DecideUndo(ms.T().Context(), false, here), models.ErrBadCredentials)
	ms.Equal(1, ms.count("undo_parts"))
}

// An operator removes the factors of an account whose owner lost them. Every link stops the
// removal, as does a login by any factor.
func (ms *ModelSuite) Test_Undo_StopsTheOperator() {
	for name, stop := range map[string]func(other *models.Factor){
		"a link of a notice":   func(*models.Factor) { ms.notMe(models.MailNewBrowser) },
		"a link without delay": func(*models.Factor) { ms.turnSecondStep(false); ms.notMe("totp_added") },
		"a login":              func(other *models.Factor) { ms.NoError(models.UseFactor(ms.T().Context(), "ada@example.com", other)) },
	} {
		modelstest.Empty(ms.T())
		ada := ms.signUp("ada@example.com")
		passkey := ms.addFactor("passkey")
		ms.turnSecondStep(true)
		other := ms.addFactor("totp")
		ms.start(ms.user("ada@example.com"), false)
		ms.start(ms.user("ada@example.com"), false) // the second new browser is mailed
		// As ResetFactors does for an operator.
		ms.NoError(ms.DB.Create(&undo.Part{ID: ada.ID, UserID: ada.ID, Item: passkey.ID, DueAt: models.Clock.Now().Add(models.UndoDelay)}))
		stop(other)
		ms.Zero(ms.count("undo_parts"), name)
	}
}

// A TOTP key that was set after the undo keeps the former key from being restored, until
// the link of an older change is opened.
func (ms *ModelSuite) Test_Undo_NewTOTPKeepsTheFormerOut() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	former := ms.addFactor("totp")
	ms.addFactor("passkey")
	ms.turnSecondStep(true)
	ms.removeFactor(former)
	ms.notMe("totp_removed")
	replaced := ms.addFactor("totp")
	ms.later(24 * time.Hour)
	totp := func() uuid.UUID {
		factors, err := models.FactorsOf(ms.T().Context(), ms.user("ada@example.com"))
		ms.NoError(err)
		i := slices.IndexFunc(factors, func(f models.Factor) bool { return f.Kind == "totp" })
		return factors[i].ID
	}
	ms.Equal(replaced.ID, totp())
	ms.notMe("second_step_on")
	ms.later(24 * time.Hour)
	ms.Equal(former.ID, totp())
}

// The former key is due to return while the new key is in use. It returns when the link
// of an older change removes the new secret.
func (ms *ModelSuite) Test_Undo_FormerTOTPReturnsWithAnOlderLink() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	former := ms.addFactor("totp")
	passkey := ms.addFactor("passkey")
	ms.turnSecondStep(true)
	ms.removeFactor(former)
	ms.notMe("totp_removed")
	ms.addFactor("totp")
	models.Clock.Move(2 * time.Hour)
	ms.notMe("second_step_on")
	ms.later(22 * time.Hour)
	ms.later(2 * time.Hour)
	factors, err := models.FactorsOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Len(factors, 2)
	ms.Equal([]uuid.UUID{former.ID, passkey.ID}, []uuid.UUID{factors[0].ID, factors[1].ID})
}

// After a login by the new key, the key of a stolen phone never returns.
func (ms *ModelSuite) Test_Undo_ReplacedTOTPDoesNotReturnLater() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	stolen := ms.addFactor("totp")
	ms.addFactor("passkey")
	ms.turnSecondStep(true)
	ms.removeFactor(stolen)
	replaced := ms.addFactor("totp")
	ms.notMe("totp_removed")
	ms.NoError(models.UseFactor(ms.T().Context(), "ada@example.com", replaced))
	ms.removeFactor(replaced)
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"passkey"}, true, "a day later")
}

// In a deleted account, the waiting changes are made without a mail.
func (ms *ModelSuite) Test_Undo_FinishesInADeletedAccount() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	ms.turnSecondStep(true)
	ms.addFactor("totp")
	ms.notMe("totp_added")
	ms.NoError(ms.user("ada@example.com").Delete(ms.T().Context(), here))
	mails := len(modelstest.Mails(ms.T(), "ada@example.com"))
	ms.later(24 * time.Hour)
	ms.Zero(ms.count("undo_parts"))
	ms.Len(modelstest.Mails(ms.T(), "ada@example.com"), mails)
	ms.notMe(models.MailAccountDeleted)
	ms.hasFactors([]string{"passkey"}, true, "undone meanwhile")
}

// A change that was made before it was due is neither made again nor mailed.
func (ms *ModelSuite) Test_Undo_MadeChangeIsNotMadeAgain() {
	for name, early := range map[string]func(totp *models.Factor){
		"by hand": func(totp *models.Factor) { ms.removeFactor(totp) },
		"by an older link, at once": func(*models.Factor) {
			ms.turnSecondStep(false)
			ms.notMe("passkey_added")
			ms.Zero(ms.count("undo_parts"))
		},
	} {
		modelstest.Empty(ms.T())
		models.Clock.Stop()
		ms.signUp("ada@example.com")
		ms.addFactor("passkey")
		ms.turnSecondStep(true)
		totp := ms.addFactor("totp")
		ms.notMe("totp_added")
		early(totp)
		before := ms.user("ada@example.com")
		ms.later(24 * time.Hour)
		ms.Equal(before.CredentialVersion, ms.user("ada@example.com").CredentialVersion, name)
		ms.NotContains(modelstest.Mails(ms.T(), "ada@example.com"), models.MailUndoFinished, name)
		ms.Zero(ms.count("undo_parts"), name)
	}
}

// A waiting undo also undoes a later change of its item. The page of that change's link still
// tells what the mail was about.
func (ms *ModelSuite) Test_Undo_LinkOfAnUndoneChange() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	ms.turnSecondStep(true)
	totp := ms.addFactor("totp")
	ms.notMe("totp_added")
	ms.removeFactor(totp)
	link := modelstest.Link(ms.T(), "ada@example.com", "totp_removed")
	ms.later(24 * time.Hour)
	found, err := models.FindNotMe(ms.T().Context(), link)
	ms.NoError(err)
	ms.Equal(&models.NotMe{UserID: ms.user("ada@example.com").ID, Email: "ada@example.com", Template: "totp_removed"}, found)
}
