package models_test

import (
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"corral/models"
	"corral/models/modelstest"
)

// weakKey is the password under parameters below today's.
func (ms *ModelSuite) weakKey() string {
	return base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(modelstest.Password), []byte("saltsaltsaltsalt"), 1, 8192, 1, 32))
}

// ask requests a reset and returns the token that is on its way.
func (ms *ModelSuite) ask(email string) string {
	ms.NoError(models.RequestReset(ms.T().Context(), email, "", models.Origin{}))
	return ms.mailed(email)
}

// mailed is the token in the newest mail to an address.
func (ms *ModelSuite) mailed(email string) string {
	m := &models.Mail{}
	ms.NoError(ms.DB.Where("recipient = ? AND sealed_token IS NOT NULL", email).Order("created_at DESC").First(m))
	rawToken, err := m.Token()
	ms.NoError(err)
	return rawToken
}

func (ms *ModelSuite) good(rawToken string) bool {
	user, err := models.FindResetUser(ms.T().Context(), rawToken)
	if err != nil {
		ms.ErrorIs(err, models.ErrNotFound)
	}
	return user != nil
}

func (ms *ModelSuite) Test_Token_OnePurposeOneTimeOneAddress() {
	ms.signUp("ada@example.com")
	rawToken := ms.ask("ada@example.com")
	ms.True(ms.good(rawToken))
	ms.True(ms.good(rawToken), "looking does not spend it")
	_, err := models.FindSignupEmail(ms.T().Context(), rawToken)
	ms.ErrorIs(err, models.ErrNotFound, "for another purpose")
	for _, wrong := range []string{"", rawToken[1:], rawToken + "A", "\x00", strings.Repeat("A", 1<<20)} {
		ms.False(ms.good(wrong))
	}
	models.Clock.Move(time.Second)
	newer := ms.ask("ada@example.com")
	ms.False(ms.good(rawToken), "the newest only")
	ms.True(ms.good(newer))

	ms.NoError(ms.DB.RawQuery("UPDATE users SET email = 'else@example.com'").Exec())
	ms.False(ms.good(newer), "it went to an address that is no longer hers")
}

func (ms *ModelSuite) Test_Token_Expires() {
	ms.signUp("ada@example.com")
	rawToken := ms.ask("ada@example.com")
	models.Clock.Move(models.ResetLifetime - time.Second)
	ms.True(ms.good(rawToken))
	models.Clock.Move(time.Second)
	ms.False(ms.good(rawToken))
}

func (ms *ModelSuite) Test_Token_OthersKeepTheirs() {
	ms.signUp("ada@example.com")
	ms.signUp("bob@example.com")
	hers := ms.ask("ada@example.com")
	ms.ask("bob@example.com")
	ms.True(ms.good(hers))
}

// Who reads the tables finds no token: one holds a digest, the other is sealed.
func (ms *ModelSuite) Test_Token_NotInTheDatabase() {
	ms.signUp("ada@example.com")
	rawToken := ms.ask("ada@example.com")
	token, m := &models.Token{}, &models.Mail{}
	ms.NoError(ms.DB.First(token))
	ms.NoError(ms.DB.First(m))
	ms.NotContains(string(token.TokenDigest), rawToken)
	ms.NotContains(string(m.SealedToken)+m.Data, rawToken)
	ms.False(ms.good(string(token.TokenDigest)))
}

func (ms *ModelSuite) Test_ResetPassword_EndsWhatTheOldOneOpened() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	hers, his := ms.start(ada, true), ms.start(bob, true)
	rawToken := ms.ask("ada@example.com")

	ms.NoError(models.ResetPassword(ms.T().Context(), rawToken, "an entirely new set of words", models.Origin{}))
	ms.NoError(ms.try("ada@example.com", "an entirely new set of words", "192.0.2.1"))
	ms.ErrorIs(ms.try("ada@example.com", modelstest.Password, "192.0.2.1"), models.ErrBadCredentials)
	_, err := ms.find(hers)
	ms.ErrorIs(err, models.ErrNotFound)
	_, err = ms.find(his)
	ms.NoError(err)
	ms.ErrorIs(models.ResetPassword(ms.T().Context(), rawToken, "and once more with feeling", models.Origin{}), models.ErrNotFound)
	ms.Equal(0, ms.count("tokens"))
}

// Twenty at once: one wins, the others hear that the link is used.
func (ms *ModelSuite) Test_ResetPassword_TwentyAtOnce() {
	ms.signUp("ada@example.com")
	rawToken := ms.ask("ada@example.com")
	var wins, losses int
	var mutex sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := models.ResetPassword(ms.T().Context(), rawToken, "an entirely new set of words", models.Origin{})
			mutex.Lock()
			defer mutex.Unlock()
			if err == nil {
				wins++
			} else {
				ms.ErrorIs(err, models.ErrNotFound)
				losses++
			}
		})
	}
	all.Wait()
	ms.Equal(1, wins)
	ms.Equal(19, losses)
}

func (ms *ModelSuite) Test_CreateUser_Taken() {
	ms.signUp("ada@example.com")
	_, err := models.CreateUser(ms.T().Context(), "ada@example.com", "")
	ms.ErrorIs(err, models.ErrEmailTaken)
	ms.Equal(1, ms.count("users"))
}
