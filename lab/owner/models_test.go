package owner_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Pop's callbacks and select tags of the owner work for current_user, too.
func TestModels_AfterFindAndSelect(t *testing.T) {
	c := newClone(t)
	c.run("perl", "-pi", "-e", `s/^type User struct \{\n/$&\tInitial string `+"`"+`db:"initial" select:"SUBSTR(email, 1, 1) AS initial"`+"`"+`\n\tGreeting string `+"`"+`db:"-"`+"`"+`\n/`, "models/user.go")
	c.run("perl", "-pi", "-e", `s/^type Session struct \{\n/$&\tBrowser string `+"`"+`db:"browser" select:"SUBSTR(user_agent, 1, 1) AS browser"`+"`"+`\n\tFound bool `+"`"+`db:"-"`+"`"+`\n/`, "models/session.go")
	for name, code := range map[string]string{
		"models/greeting.go": `package models

import "github.com/gobuffalo/pop/v6"

func (u *User) AfterFind(*pop.Connection) error {
	u.Greeting = "Hello, " + u.Initial
	return nil
}

func (s *Session) AfterFind(*pop.Connection) error {
	s.Found = true
	return nil
}
`,
		"models/greeting_test.go": `package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func TestGreeting(t *testing.T) {
	modelstest.Empty(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	s, err := models.StartSession(t.Context(), ada, models.Client{UserAgent: "Firefox"}, models.Session{})
	require.NoError(t, err)
	found, err := models.FindSession(t.Context(), s.RawSessionToken, models.Client{})
	require.NoError(t, err)
	require.Equal(t, "Hello, a", found.User.Greeting)
	require.True(t, found.Found)
	require.Equal(t, "F", found.Browser)
}
`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(c.dir, name), []byte(code), 0o600))
	}
	c.run("go", "test", "./models", "-run", "TestGreeting|Test_ModelSuite/Test_(CreateUser|Session)")
}
