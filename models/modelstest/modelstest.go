// Package modelstest gives every test binary a migrated database of its own: a
// temporary SQLite file, or a new database on the server that TEST_DATABASE_URL
// names. It never touches a database that somebody works with.
package modelstest

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gobuffalo/pop/v6"

	"corral/config"
	"corral/models"
)

// Main is for TestMain: it runs the tests of a package against a new database,
// and reads the plan of every statement that the app has sent meanwhile. In the
// folders that are named, every place that sends a statement must have.
func Main(m *testing.M, folders ...string) {
	listener, disconnect, err := connect()
	if err != nil {
		fmt.Fprintln(os.Stderr, "no test database:", err)
		os.Exit(1)
	}
	listening = listener
	code := m.Run()
	if code == 0 {
		code = listener.judge(folders)
	}
	disconnect()
	os.Exit(code)
}

func connect() (l *listener, disconnect func(), err error) {
	c, err := config.Current()
	if err != nil {
		return nil, nil, err
	}
	databaseURL, drop, err := NewDatabase(c.DatabaseURL)
	if err != nil {
		return nil, nil, err
	}
	c.DatabaseURL = databaseURL
	if err := models.Connect(c); err != nil {
		drop()
		return nil, nil, err
	}
	return listen(models.DB), func() { models.DB.Close(); drop() }, models.Migrate()
}

// NewDatabase makes an empty database, on server unless that is "", and
// returns its URL and what removes it.
func NewDatabase(server string) (databaseURL string, drop func(), err error) {
	if server != "" {
		return newPostgres(server)
	}
	dir, err := os.MkdirTemp("", "corral-test-")
	if err != nil {
		return "", nil, err
	}
	return "sqlite3://" + filepath.Join(dir, "test.sqlite"), func() { os.RemoveAll(dir) }, nil
}

func newPostgres(server string) (databaseURL string, drop func(), err error) {
	admin, err := pop.NewConnection(&pop.ConnectionDetails{URL: server})
	if err != nil {
		return "", nil, err
	}
	if err := admin.Open(); err != nil {
		return "", nil, err
	}
	name := "corral_test_" + strings.ToLower(rand.Text())
	if _, err := admin.Store.Exec("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	own, err := url.Parse(server)
	if err != nil {
		return "", nil, err
	}
	own.Path = "/" + name
	return own.String(), func() {
		admin.Store.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		admin.Close()
	}, nil
}

// tables are emptied in this order; what hangs on a user goes with the user.
var tables = []string{"mails", "throttles", "activities", "devices", "tokens", "sessions", "users"}

// Empty removes every row and puts the clock right. The suite library's own
// CleanDB would empty schema_migration on SQLite too.
func Empty(t testing.TB) {
	t.Helper()
	models.Clock.Reset()
	for _, table := range tables {
		if err := models.DB.RawQuery("DELETE FROM " + table).Exec(); err != nil {
			t.Fatal(err)
		}
	}
}

// Password is the password of everybody that SignUp makes.
const Password = "four random words work well"

// SignUp makes an account with Password.
func SignUp(t testing.TB, email string) *models.User {
	t.Helper()
	user, err := models.CreateUser(t.Context(), email, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := user.SetPassword(t.Context(), Password); err != nil {
		t.Fatal(err)
	}
	return user
}

// Mails are the templates of the mails to an address, the oldest first.
func Mails(t testing.TB, email string) []string {
	t.Helper()
	var names []string
	err := models.DB.Store.Select(&names, models.DB.Dialect.TranslateSQL("SELECT template FROM mails WHERE recipient = ? ORDER BY created_at"), email)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Link is the token in the newest mail of a template to an address.
func Link(t testing.TB, email, template string) string {
	t.Helper()
	m := &models.Mail{}
	err := models.DB.Where("recipient = ? AND template = ?", email, template).Order("created_at DESC").First(m)
	if err != nil {
		t.Fatalf("no %s mail to %s: %v", template, email, err)
	}
	rawToken, err := m.Token()
	if err != nil {
		t.Fatal(err)
	}
	return rawToken
}
