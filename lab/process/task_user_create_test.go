package process

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

var inviteLink = regexp.MustCompile(`(?m)^http://localhost:3000(/password/reset/[\w-]{43})$`)

// invite creates an account, and returns the path of the printed link.
func invite(t *testing.T, dir, email string) (path string) {
	t.Helper()
	output := task(t, dir, nil, "user:create", email)
	require.Regexp(t, inviteLink, output)
	return inviteLink.FindStringSubmatch(output)[1]
}

func (p *process) send(b *http.Client, path string, form url.Values) (status int, location string) {
	p.t.Helper()
	res, err := b.PostForm(p.URL+path, form)
	require.NoError(p.t, err)
	res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}

func TestTask_UserCreate_LinkWorksOnce(t *testing.T) {
	dir := t.TempDir()
	link := invite(t, dir, "Dora@Example.COM")
	p := start(t, dir)
	b := p.browser()
	for range 2 { // opening the link does not redeem it
		res, err := b.Get(p.URL + link)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, "/password/reset", res.Header.Get("Location"))
	}
	_, location := p.send(b, "/password/reset", url.Values{"_method": {"PUT"}, "password": {"a dark horse with no name"}})
	require.Equal(t, "/login", location)
	require.Equal(t, 303, p.logIn(b, "dora@example.com", "a dark horse with no name"))
	status, _ := p.Get(link)
	require.Equal(t, 404, status, "the link was redeemed")
}

func TestTask_UserCreate_LinkLastsADay(t *testing.T) {
	dir := t.TempDir()
	before := time.Now()
	link := invite(t, dir, "dora@example.com")
	p := start(t, dir)
	status, _ := p.Get(link)
	require.Equal(t, 302, status)

	db := services.OpenDatabase(t, sqlite(dir, "storage/development.sqlite"))
	var expires time.Time
	require.NoError(t, db.QueryRow("SELECT expires_at FROM tokens").Scan(&expires))
	require.WithinRange(t, expires, before.Add(24*time.Hour-time.Second), time.Now().Add(24*time.Hour))
	_, err := db.Exec("UPDATE tokens SET expires_at = datetime('now')") // as if a day had passed
	require.NoError(t, err)
	status, page := p.Get(link)
	require.Equal(t, 404, status)
	require.Contains(t, page, "This link no longer works")
}

func TestTask_UserCreate_RefusesATakenEmail(t *testing.T) {
	dir := t.TempDir()
	invite(t, dir, "dora@example.com")
	for _, typed := range []string{"dora@example.com", "DORA@example.com", " dora@EXAMPLE.com "} {
		require.Equal(t, "dora@example.com has an account already: its owner gets a new link at /password/forgot", oneLineRefusal(t, dir, nil, "task", "user:create", typed))
	}
}

func TestTask_Migrate_CreatesTheDatabase(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		require.Equal(t, "The schema is up to date.\n", task(t, dir, nil, "db:migrate"))
		require.FileExists(t, filepath.Join(dir, "storage", "development.sqlite"))
	}
	require.Contains(t, oneLineRefusal(t, dir, []string{"DATABASE_URL=sqlite3://" + dir}, "task", "db:migrate"), "database")
}

func TestTask_Seed_PasswordsOpenTheAccounts(t *testing.T) {
	dir := t.TempDir()
	passwords := seed(t, dir)
	require.Len(t, passwords, 3)
	p := start(t, dir)
	require.Equal(t, passwords, seed(t, dir), "db:seed again, while the app runs")
	for email, password := range passwords {
		require.True(t, strings.HasSuffix(email, "@example.com"))
		want := 303
		if email == "carol@example.com" { // db:seed locks her account
			want = 429
		}
		require.Equal(t, want, p.logIn(p.browser(), email, password), email)
	}
}
