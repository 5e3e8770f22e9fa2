// Package modelstest gives a test binary a migrated database of its own and
// creates accounts in it.
//
//	func TestMain(m *testing.M) { modelstest.Main(m) }
package modelstest

import (
	"errors"
	"os"
	"testing"

	"github.com/gobuffalo/pop/v6"

	"corral/config"
	"corral/internal/apptest"
	"corral/models"
)

// Main runs the tests on a new database: a temporary SQLite file, or one on the
// server of TEST_DATABASE_URL.
func Main(m *testing.M) {
	// Nothing else of the environment: a developer's PORT or SIGNUP must not turn tests red.
	c, err := config.Load([]string{"TEST_DATABASE_URL=" + os.Getenv("TEST_DATABASE_URL"),
		"SESSION_IDLE=30m", "SESSION_LIFETIME=12h", "REMEMBER_LIFETIME=720h", "PASSWORD_MIN=15"}, ".")
	apptest.Main(m, c.DatabaseURL, func(databaseURL string) error {
		loaded, loaded.DatabaseURL = c, databaseURL
		if err := errors.Join(err, models.Connect(loaded)); err != nil {
			return err
		}
		opened(models.DB)
		return models.Migrate()
	})
}

// opened receives the database of the test binary. lab/plans replaces it.
var opened = func(*pop.Connection) {}

var loaded config.Config

// Config returns the configuration of the tests, with changes.
func Config(changes ...func(*config.Config)) config.Config {
	c := loaded
	for _, change := range changes {
		change(&c)
	}
	return c
}

// Configure connects models with changes of the configuration until the test ends.
func Configure(t testing.TB, changes ...func(*config.Config)) {
	t.Helper()
	connect := func(c config.Config) {
		if err := errors.Join(models.DB.Close(), models.Connect(c)); err != nil {
			t.Fatal(err)
		}
		opened(models.DB)
	}
	connect(Config(changes...))
	t.Cleanup(func() { connect(loaded) })
}

// Empty deletes every row and resets the clocks.
func Empty(t testing.TB) {
	t.Helper()
	models.Clock.Reset()
	models.DatabaseClock.Reset()
	apptest.Empty(t, models.DB)
}

// Password is the password of accounts that SignUp creates.
const Password = "four random words work well"

// SignUp creates an account with Password.
func SignUp(t testing.TB, email string) *models.User {
	t.Helper()
	user, err := models.CreateUser(t.Context(), email, "")
	if err != nil {
		t.Fatal(err)
	}
	if digest == "" {
		err = user.SetPassword(t.Context(), Password)
		digest = user.PasswordDigest
	} else {
		user.PasswordDigest = digest
		err = models.DB.UpdateColumns(user, "password_digest", "updated_at")
	}
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// digest is the digest of Password, computed once: a hash takes 20 ms.
var digest string

// Mails returns the templates of the mails to an email, oldest first.
func Mails(t testing.TB, email string) []string {
	t.Helper()
	return apptest.Mails(t, models.DB, email)
}

// Link returns the token in the newest mail of a template to an email.
func Link(t testing.TB, email, template string) string {
	t.Helper()
	rawToken, err := models.Outbox.Token(apptest.NewestMail(t, models.DB, email, template))
	if err != nil {
		t.Fatal(err)
	}
	return rawToken
}
