package models_test

import (
	"context"
	"time"

	"github.com/gobuffalo/nulls"

	"corral/internal/password"
	"corral/models"
	"corral/models/modelstest"
)

// found starts a session and returns it as a request finds it.
func (ms *ModelSuite) found(user *models.User) *models.Session {
	s, err := ms.find(ms.start(user, false))
	ms.NoError(err)
	return s
}

func (ms *ModelSuite) confirm(s *models.Session, password string) (rawToken string, err error) {
	return s.Confirm(ms.T().Context(), models.Credentials{Email: s.User.Email, Password: password, Client: here})
}

// reloaded returns the session's row.
func (ms *ModelSuite) reloaded(s *models.Session) *models.Session {
	row := &models.Session{}
	ms.NoError(ms.DB.Find(row, s.ID))
	return row
}

func (ms *ModelSuite) Test_Session_ConfirmedForTenMinutes() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	ms.False(ms.found(ada).Confirmed())
	started, err := models.StartSession(ms.T().Context(), ada, here, models.Session{Remembered: true, ConfirmedAt: nulls.NewTime(models.Clock.Now())})
	ms.NoError(err)
	s, err := ms.find(started.RawSessionToken)
	ms.NoError(err)
	ms.True(s.Confirmed())
	models.Clock.Move(10*time.Minute - time.Second)
	ms.True(s.Confirmed())
	models.Clock.Move(time.Second)
	ms.False(s.Confirmed())
}

func (ms *ModelSuite) Test_Session_LoginConfirms() {
	ms.signUp("ada@example.com")
	s, _, err := models.LogIn(ms.T().Context(), models.Credentials{Email: "ada@example.com", Password: modelstest.Password}, false)
	ms.NoError(err)
	ms.True(ms.reloaded(s.Session).Confirmed())
}

// With the second step on, the right password does not confirm, whatever factors there are.
func (ms *ModelSuite) Test_Session_PasswordConfirmsNothingWithTheSecondStepOn() {
	ada := ms.signUp("ada@example.com")
	ms.NoError(ms.DB.RawQuery("UPDATE users SET second_step = ? WHERE id = ?", true, ada.ID).Exec())
	s := ms.found(ada)
	rawToken, err := ms.confirm(s, modelstest.Password)
	ms.Error(err)
	ms.Empty(rawToken)
	ms.False(ms.reloaded(s).Confirmed())
}

func (ms *ModelSuite) Test_Session_Confirm() {
	ada := ms.signUp("ada@example.com")
	old := ms.start(ada, false)
	s, err := ms.find(old)
	ms.NoError(err)
	_, err = ms.confirm(s, "wrong")
	ms.ErrorIs(err, models.ErrBadCredentials)
	ms.Equal(1, ms.reloaded(s).FailedConfirmations)
	ms.False(ms.reloaded(s).Confirmed())

	rawToken, err := ms.confirm(s, modelstest.Password)
	ms.NoError(err)
	ms.True(s.Confirmed())
	again, err := ms.find(rawToken)
	ms.NoError(err)
	ms.Equal(s.ID, again.ID)
	ms.True(again.Confirmed())
	ms.Zero(again.FailedConfirmations)
	_, err = ms.find(old)
	ms.ErrorIs(err, models.ErrNotFound, "a copied cookie")
	ms.Equal([]string{"password_failed"}, ms.activity(ada), "the right password is not recorded")
}

// The second tab has the token that the first tab's confirmation replaced. It can confirm the
// session, too, and the first tab's new token stays valid.
func (ms *ModelSuite) Test_Session_ConfirmInTwoTabs() {
	rawToken := ms.start(ms.signUp("ada@example.com"), false)
	one, err := ms.find(rawToken)
	ms.NoError(err)
	other, err := ms.find(rawToken)
	ms.NoError(err)
	first, err := ms.confirm(one, modelstest.Password)
	ms.NoError(err)
	models.Clock.Move(time.Minute)
	second, err := ms.confirm(other, modelstest.Password)
	ms.NoError(err)
	ms.Empty(second)
	s, err := ms.find(first)
	ms.NoError(err)
	ms.Zero(s.FailedConfirmations)
	ms.True(s.ConfirmedAt.Time.After(one.ConfirmedAt.Time))
}

func (ms *ModelSuite) Test_Session_TenFailedConfirmationsEndIt() {
	ada := ms.signUp("ada@example.com")
	other := ms.found(ada)
	s := ms.found(ada)
	for n := range 10 {
		models.Clock.Move(time.Hour) // the rate limits end
		_, err := ms.confirm(s, "wrong")
		if n < 9 {
			ms.ErrorIs(err, models.ErrBadCredentials)
		} else {
			ms.ErrorIs(err, models.ErrSessionEnded)
		}
	}
	ms.Equal(1, ms.count("sessions"))
	ms.Equal("unconfirmed", ms.activity(ada)[0])
	models.Clock.Move(time.Hour)
	_, err := ms.confirm(s, modelstest.Password)
	ms.ErrorIs(err, models.ErrNotFound)
	_, err = ms.confirm(other, modelstest.Password)
	ms.NoError(err)
}

// As if the process had died before it ended the session.
func (ms *ModelSuite) Test_Session_NoEleventhConfirmation() {
	s := ms.found(ms.signUp("ada@example.com"))
	ms.NoError(ms.DB.RawQuery("UPDATE sessions SET failed_confirmations = 10").Exec())
	_, err := ms.confirm(s, modelstest.Password)
	ms.ErrorIs(err, models.ErrSessionEnded)
	ms.Zero(ms.count("sessions"))
}

// A confirmation counts as failed before hashing, so that disconnecting cannot hide a
// failure. It no longer counts if the password was not checked.
func (ms *ModelSuite) Test_Session_CountsConfirmationsBeforeHashing() {
	models.Clock.Stop()
	s := ms.found(ms.signUp("ada@example.com"))
	models.HoldHashing(func() {
		ctx, disconnect := context.WithCancel(ms.T().Context())
		done := make(chan error)
		go func() {
			_, err := s.Confirm(ctx, models.Credentials{Email: "ada@example.com", Password: "wrong", Client: here})
			done <- err
		}()
		ms.Eventually(models.HashWaits, time.Minute, time.Millisecond)
		ms.Equal(1, ms.reloaded(s).FailedConfirmations)
		disconnect()
		ms.ErrorIs(<-done, password.ErrBusy)
	})
	ms.Zero(ms.reloaded(s).FailedConfirmations)
	for n := range 5 {
		ms.Zero(ms.retryAfterFailure("ada@example.com", nthIP(n)))
	}
	var limited *models.RateLimited
	_, err := ms.confirm(s, modelstest.Password)
	ms.ErrorAs(err, &limited)
	ms.Zero(ms.reloaded(s).FailedConfirmations)
}

// Another account has the email by now.
func (ms *ModelSuite) Test_Session_ConfirmOwnAccountOnly() {
	s := ms.found(ms.signUp("ada@example.com"))
	ms.signUp("bob@example.com")
	s.User.Email = "bob@example.com"
	_, err := ms.confirm(s, modelstest.Password)
	ms.ErrorIs(err, models.ErrNotFound)
	ms.False(ms.reloaded(s).Confirmed())
}

// The owner ends the attacker's session while the attacker's changes are under way.
func (ms *ModelSuite) Test_User_SessionEndedMeanwhile() {
	ctx := ms.T().Context()
	attacker := ms.found(ms.signUp("ada@example.com"))
	before := *attacker.User
	ms.NoError(attacker.User.RequestEmailChange(ctx, "mallory@example.com", here))
	_, link := ms.resolved("mallory@example.com")
	owner := ms.found(ms.user("ada@example.com"))
	ms.NoError(owner.EndOtherSessions(ctx, here))
	ms.ErrorIs(attacker.User.ConfirmEmailChange(ctx, link, here), models.ErrBadCredentials)
	ms.ErrorIs(attacker.EndOtherSessions(ctx, here), models.ErrBadCredentials)
	ms.ErrorIs(attacker.User.ChooseLanguage(ctx, "de"), models.ErrBadCredentials)
	ms.ErrorIs(models.EndSessionByID(ctx, attacker.User, owner.ID.String(), here), models.ErrBadCredentials)
	ms.ErrorIs(attacker.User.ChangePassword(ctx, "words of an attacker's choice", here), models.ErrBadCredentials)
	ms.ErrorIs(attacker.User.RequestEmailChange(ctx, "eve@example.com", here), models.ErrBadCredentials)
	ms.ErrorIs(attacker.User.Delete(ctx, here), models.ErrBadCredentials)
	ms.Equal(before.PasswordDigest, ms.user("ada@example.com").PasswordDigest)
	ms.Empty(modelstest.Mails(ms.T(), "eve@example.com"))
	ms.NoError(owner.User.ChangePassword(ctx, "an entirely new set of words", here))
}

func (ms *ModelSuite) Test_Session_ConfirmationLeavesOtherSessionsAlone() {
	ada := ms.signUp("ada@example.com")
	one, other := ms.found(ada), ms.found(ada)
	_, err := ms.confirm(one, "wrong")
	ms.ErrorIs(err, models.ErrBadCredentials)
	_, err = ms.confirm(one, modelstest.Password)
	ms.NoError(err)
	_, err = ms.confirm(other, "wrong")
	ms.ErrorIs(err, models.ErrBadCredentials)
	ms.True(ms.reloaded(one).Confirmed())
	ms.Zero(ms.reloaded(one).FailedConfirmations)
	ms.False(ms.reloaded(other).Confirmed())
	ms.Equal(1, ms.reloaded(other).FailedConfirmations)
}
