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

func (ms *ModelSuite) issue(user *models.User) string {
	rawToken, err := models.IssueToken(ms.T().Context(), user, models.PurposeReset, models.ResetLifetime)
	ms.NoError(err)
	return rawToken
}

func (ms *ModelSuite) good(rawToken, purpose string) bool {
	user, err := models.FindTokenUser(ms.T().Context(), rawToken, purpose)
	if err != nil {
		ms.ErrorIs(err, models.ErrNotFound)
	}
	return user != nil
}

func (ms *ModelSuite) Test_Token_OnePurposeOneTimeOneAddress() {
	ada := ms.signUp("ada@example.com")
	rawToken := ms.issue(ada)
	ms.True(ms.good(rawToken, models.PurposeReset))
	ms.True(ms.good(rawToken, models.PurposeReset), "looking does not spend it")
	ms.False(ms.good(rawToken, "another purpose"))
	for _, wrong := range []string{"", rawToken[1:], rawToken + "A", "\x00", strings.Repeat("A", 1<<20)} {
		ms.False(ms.good(wrong, models.PurposeReset))
	}
	newer := ms.issue(ada)
	ms.False(ms.good(rawToken, models.PurposeReset), "the newest only")
	ms.True(ms.good(newer, models.PurposeReset))

	ms.NoError(ms.DB.RawQuery("UPDATE users SET email = 'else@example.com'").Exec())
	ms.False(ms.good(newer, models.PurposeReset), "it went to an address that is no longer hers")
}

func (ms *ModelSuite) Test_Token_Expires() {
	rawToken := ms.issue(ms.signUp("ada@example.com"))
	models.Clock.Move(models.ResetLifetime - time.Second)
	ms.True(ms.good(rawToken, models.PurposeReset))
	models.Clock.Move(time.Second)
	ms.False(ms.good(rawToken, models.PurposeReset))
}

func (ms *ModelSuite) Test_Token_OthersKeepTheirs() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	hers := ms.issue(ada)
	ms.issue(bob)
	ms.True(ms.good(hers, models.PurposeReset))
}

func (ms *ModelSuite) Test_ResetPassword_EndsWhatTheOldOneOpened() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	hers, his := ms.start(ada, true), ms.start(bob, true)
	rawToken := ms.issue(ada)

	ms.NoError(models.ResetPassword(ms.T().Context(), rawToken, "an entirely new set of words"))
	ms.NoError(ms.try("ada@example.com", "an entirely new set of words", "192.0.2.1"))
	ms.ErrorIs(ms.try("ada@example.com", modelstest.Password, "192.0.2.1"), models.ErrBadCredentials)
	_, err := ms.find(hers)
	ms.ErrorIs(err, models.ErrNotFound)
	_, err = ms.find(his)
	ms.NoError(err)
	ms.ErrorIs(models.ResetPassword(ms.T().Context(), rawToken, "and once more with feeling"), models.ErrNotFound)
	ms.Equal(0, ms.count("tokens"))
}

// Twenty at once: one wins, the others hear that the link is used.
func (ms *ModelSuite) Test_ResetPassword_TwentyAtOnce() {
	rawToken := ms.issue(ms.signUp("ada@example.com"))
	var wins, losses int
	var mutex sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := models.ResetPassword(ms.T().Context(), rawToken, "an entirely new set of words")
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
