package models_test

import (
	"time"

	"corral/models"
	"corral/models/modelstest"
)

// With the second step on, a password does not confirm.
func (ms *ModelSuite) Test_Session_ConfirmWithCode() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	s := ms.found(ms.user("ada@example.com"))
	for _, code := range []string{"", modelstest.Password, modelstest.WrongCode(key)} {
		ms.ErrorIs(ms.confirmWithCode(s, code), models.ErrBadCode, code)
		ms.False(ms.reloaded(s).Confirmed())
	}
	ms.Equal(3, ms.reloaded(s).FailedConfirmations)
	ms.NoError(ms.confirmWithCode(s, modelstest.NextCode(key)))
	ms.True(ms.reloaded(s).Confirmed())
	ms.Zero(ms.reloaded(s).FailedConfirmations)
	models.Clock.Move(time.Hour)
	ms.False(ms.reloaded(s).Confirmed())
	ms.NoError(ms.confirmWithCode(ms.found(s.User), codes[0]))
	ms.ErrorIs(ms.confirmWithCode(s, codes[0]), models.ErrBadCode, "a used code")
}

// The second step was turned on after the request had found the session.
func (ms *ModelSuite) Test_Session_ConfirmAfterTheSwitchWasTurnedOn() {
	s := ms.found(ms.signUp("ada@example.com"))
	modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.ErrorIs(ms.confirmWithCode(s, ""), models.ErrBadCredentials)
	ms.False(ms.reloaded(s).Confirmed())
}

// A rate-limited confirmation is no failure: an attacker who fills the limit must not end the
// owner's session.
func (ms *ModelSuite) Test_Session_ConfirmWithCodeWaits() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	s := ms.found(ms.user("ada@example.com"))
	for range 5 {
		ms.ErrorIs(ms.confirmWithCode(s, modelstest.WrongCode(key)), models.ErrBadCode)
	}
	var limited *models.RateLimited
	for range 7 {
		ms.ErrorAs(ms.confirmWithCode(s, modelstest.WrongCode(key)), &limited)
	}
	ms.Equal(5, ms.reloaded(s).FailedConfirmations)
	ms.NoError(ms.confirmWithCode(s, codes[0]), "a recovery code does not wait")
}

func (ms *ModelSuite) Test_Session_TenWrongCodesEndIt() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	modelstest.SetTOTP(ms.T(), "ada@example.com")
	ada := ms.user("ada@example.com")
	s := ms.found(ada)
	for range 9 {
		ms.ErrorIs(ms.confirmWithCode(s, "a wrong code"), models.ErrBadCode)
		models.Clock.Move(time.Minute)
	}
	ms.ErrorIs(ms.confirmWithCode(s, "a wrong code"), models.ErrSessionEnded)
	ms.ErrorIs(ms.confirmWithCode(s, "a wrong code"), models.ErrNotFound)
	ms.Zero(ms.count("sessions"))
	ms.Equal(models.ActivityUnconfirmed, ms.activity(ada)[0])
}

// An attacker's factor, which an undo removes a day later, logs in but does not confirm.
func (ms *ModelSuite) Test_Session_ConfirmRefusesAFactorThatIsDueForRemoval() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.notMe("totp_added")
	s := ms.found(ms.user("ada@example.com"))
	ms.ErrorIs(ms.confirmWithCode(s, modelstest.NextCode(key)), models.ErrBadCode)
	ms.False(ms.reloaded(s).Confirmed())
}

func (ms *ModelSuite) Test_Session_NoEleventhConfirmation_ByCode() {
	ms.signUp("ada@example.com")
	_, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	s := ms.found(ms.user("ada@example.com"))
	// As if the process had died before it ended the session.
	ms.NoError(ms.DB.RawQuery("UPDATE sessions SET failed_confirmations = 10").Exec())
	_, err := s.Confirm(ms.T().Context(), models.Credentials{Code: codes[0], Client: here})
	ms.ErrorIs(err, models.ErrSessionEnded)
	ms.Zero(ms.count("sessions"))
}

func (ms *ModelSuite) confirmWithCode(s *models.Session, code string) error {
	_, err := s.Confirm(ms.T().Context(), models.Credentials{Email: s.User.Email, Password: modelstest.Password, Code: code, Client: here})
	return err
}
