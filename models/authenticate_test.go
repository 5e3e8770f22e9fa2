package models_test

import (
	"net/netip"
	"strings"
	"time"

	"corral/models"
	"corral/models/modelstest"
)

// try is a login from a client of its own.
func (ms *ModelSuite) try(email, password, client string) error {
	_, err := models.Authenticate(ms.T().Context(), models.Credentials{Email: email, Password: password, From: models.Origin{Client: netip.MustParseAddr(client)}})
	return err
}

func (ms *ModelSuite) Test_Authenticate() {
	ms.signUp("ada@example.com")
	user, err := models.Authenticate(ms.T().Context(), models.Credentials{Email: " ADA@example.com ", Password: modelstest.Password})
	ms.NoError(err)
	ms.Equal("ada@example.com", user.Email)
}

func (ms *ModelSuite) Test_Authenticate_Refused() {
	ms.signUp("ada@example.com")
	invited, err := models.CreateUser(ms.T().Context(), "invited@example.com", "")
	ms.NoError(err)
	ms.Empty(invited.PasswordDigest)
	for _, try := range [][2]string{
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
		models.Clock.Move(time.Hour) // no throttle is meant here
		ms.ErrorIs(ms.try(try[0], try[1], "192.0.2.1"), models.ErrBadCredentials, "%.40q %.40q", try[0], try[1])
	}
}

// Parameters that were raised reach everybody at their next login.
func (ms *ModelSuite) Test_Authenticate_Rehashes() {
	rawToken := ms.start(ms.signUp("ada@example.com"), false)
	weak := "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + ms.weakKey()
	ms.NoError(ms.DB.RawQuery("UPDATE users SET password_digest = ?", weak).Exec())

	ms.NoError(ms.try("ada@example.com", modelstest.Password, "192.0.2.1"))
	stored, err := models.FindUserByEmail(ms.T().Context(), "ada@example.com")
	ms.NoError(err)
	ms.True(strings.HasPrefix(stored.PasswordDigest, "$argon2id$v=19$m=19456,t=2,p=1$"), stored.PasswordDigest)
	_, err = ms.find(rawToken)
	ms.NoError(err, "the same password: sessions stay")
	ms.NoError(ms.try("ada@example.com", modelstest.Password, "192.0.2.1"))
}
