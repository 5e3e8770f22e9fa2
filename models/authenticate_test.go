package models_test

import (
	"context"
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"corral/models"
	"corral/models/modelstest"
)

// authenticate makes an attempt from an unknown browser.
func (ms *ModelSuite) authenticate(email, password, ip string) error {
	client := models.Client{IP: netip.MustParseAddr(ip)}
	_, err := models.Authenticate(ms.T().Context(), models.Credentials{Email: email, Password: password, Client: client})
	return err
}

func (ms *ModelSuite) Test_Authenticate() {
	ms.signUp("ada@example.com")
	user, err := models.Authenticate(ms.T().Context(), models.Credentials{Email: " ADA@example.com ", Password: modelstest.Password})
	ms.NoError(err)
	ms.Equal("ada@example.com", user.Email)
}

func (ms *ModelSuite) Test_Authenticate_BadCredentials() {
	ms.signUp("ada@example.com")
	invited, err := models.CreateUser(ms.T().Context(), "invited@example.com", "")
	ms.NoError(err)
	ms.Empty(invited.PasswordDigest)
	for _, typed := range []struct{ email, password string }{
		{"ada@example.com", "wrong"},
		{"ada@example.com", ""},
		{"ada@example.com", modelstest.Password + " "},
		{"ada@example.com", modelstest.Password + "\x00"},
		{"ada@example.com", modelstest.Password + "\xff"},
		{"ada@example.com", strings.Repeat("x", 1<<20)},
		{"nobody@example.com", modelstest.Password},
		{"invited@example.com", ""},
		{"invited@example.com", modelstest.Password},
		{"", ""},
		{"' OR 1=1 --", modelstest.Password},
		{"ada@example.com\x00", modelstest.Password},
		{strings.Repeat("a", 1<<20), modelstest.Password},
	} {
		models.Clock.Move(time.Hour) // the rate limits end
		ms.ErrorIs(ms.authenticate(typed.email, typed.password, "192.0.2.1"), models.ErrBadCredentials, "%.40q %.40q", typed.email, typed.password)
	}
}

// The time of an answer must not tell whether an email has an account, or a password.
func (ms *ModelSuite) Test_Authenticate_HashesForAnyEmail() {
	ms.signUp("ada@example.com")
	ms.NoError(errorOf(models.CreateUser(ms.T().Context(), "invited@example.com", "")))
	for _, email := range []string{"ada@example.com", "invited@example.com", "nobody@example.com", "invalid"} {
		models.HoldHashing(func() {
			ctx, cancel := context.WithCancel(ms.T().Context())
			ended := make(chan error, 1)
			go func() {
				ended <- errorOf(models.Authenticate(ctx, models.Credentials{Email: email, Password: "wrong"}))
			}()
			ms.Eventually(models.HashWaits, time.Minute, time.Millisecond, email)
			cancel()
			<-ended
		})
	}
}

// After the hash parameters have changed, a user's next login stores a new digest, also when
// several log in at once.
func (ms *ModelSuite) Test_Authenticate_Rehashes() {
	rawToken := ms.start(ms.signUp("ada@example.com"), false)
	weak := argon2.IDKey([]byte(modelstest.Password), []byte("saltsaltsaltsalt"), 1, 8192, 1, 32)
	digest := "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + base64.RawStdEncoding.EncodeToString(weak)
	ms.NoError(ms.DB.RawQuery("UPDATE users SET password_digest = ?", digest).Exec())

	logIn := func() error { return errorOf(ms.logIn("ada@example.com", modelstest.Password, here)) }
	for _, err := range atOnce(logIn, logIn, logIn, logIn) {
		ms.NoError(err)
	}
	stored := ms.user("ada@example.com")
	ms.True(strings.HasPrefix(stored.PasswordDigest, "$argon2id$v=19$m=64,t=1,p=1$"), stored.PasswordDigest)
	_, err := ms.find(rawToken)
	ms.NoError(err, "the same password: sessions stay")
	ms.NoError(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.1"))
}
