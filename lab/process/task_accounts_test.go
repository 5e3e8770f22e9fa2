package process

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

// onEachDatabase runs a test with DATABASE_URL=… for a new SQLite file, and for a new
// database on the server of TEST_DATABASE_URL.
func onEachDatabase(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, "DATABASE_URL="+services.NewDatabase(t, "")) })
	t.Run("Postgres", func(t *testing.T) { test(t, "DATABASE_URL="+services.NewDatabase(t, services.Server(t))) })
}

// task returns the output of a task that must succeed.
func task(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	p := command(t, dir, env, append([]string{"task"}, args...)...)
	require.NoError(t, p.Run(), p.Out.String()+p.Err.String())
	return p.Out.String()
}

// seed runs the task db:seed, and returns the passwords of its accounts by email.
func seed(t *testing.T, dir string, env ...string) (passwords map[string]string) {
	t.Helper()
	passwords = map[string]string{}
	for line := range strings.Lines(task(t, dir, env, "db:seed")) {
		if email, password, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.Contains(email, "@") {
			passwords[email] = strings.TrimSpace(password)
		}
	}
	return passwords
}

// browser returns a client that keeps cookies and follows no redirects.
func (p *process) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(p.t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (p *process) logIn(b *http.Client, email, password string) (status int) {
	p.t.Helper()
	res, err := b.PostForm(p.URL+"/login", url.Values{"email": {email}, "password": {password}})
	require.NoError(p.t, err)
	res.Body.Close()
	return res.StatusCode
}

// home returns the status of the home page, which redirects unless the user is logged in.
func (p *process) home(b *http.Client) (status int) {
	p.t.Helper()
	res, err := b.Get(p.URL + "/")
	require.NoError(p.t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(p.t, err)
	res.Body.Close()
	return res.StatusCode
}

func TestTask_SessionsEnd_LogsOut(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		passwords := seed(t, dir, database)
		p := start(t, dir, database)
		ada, adasPhone, bob := p.browser(), p.browser(), p.browser()
		for _, b := range []*http.Client{ada, adasPhone} {
			require.Equal(t, 303, p.logIn(b, "ada@example.com", passwords["ada@example.com"]))
		}
		require.Equal(t, 303, p.logIn(bob, "bob@example.com", passwords["bob@example.com"]))

		require.Equal(t, "Sessions ended: 2\n", task(t, dir, []string{database}, "sessions:end", " Ada@Example.com "))
		require.Equal(t, 302, p.home(ada), "the session ended at once")
		require.Equal(t, 302, p.home(adasPhone))
		require.Equal(t, 200, p.home(bob))

		require.Equal(t, 303, p.logIn(ada, "ada@example.com", passwords["ada@example.com"]), "the password still works")
		require.Equal(t, "Sessions ended: 2\n", task(t, dir, []string{database}, "sessions:end", "all"))
		require.Equal(t, 302, p.home(ada))
		require.Equal(t, 302, p.home(bob))
		require.Equal(t, "Sessions ended: 0\n", task(t, dir, []string{database}, "sessions:end", "all"))
	})
}

func TestTask_UserDelete_LogsOutAndReservesTheEmail(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		passwords := seed(t, dir, database)
		p := start(t, dir, database)
		ada, bob := p.browser(), p.browser()
		require.Equal(t, 303, p.logIn(ada, "ada@example.com", passwords["ada@example.com"]))
		require.Equal(t, 303, p.logIn(bob, "bob@example.com", passwords["bob@example.com"]))

		require.Contains(t, task(t, dir, []string{database}, "user:delete", "Ada@example.com"), "The account of ada@example.com is deleted: nobody can log in to it.")
		require.Equal(t, 302, p.home(ada))
		require.Equal(t, 200, p.home(bob))
		require.Equal(t, 422, p.logIn(p.browser(), "ada@example.com", passwords["ada@example.com"]))
		page := p.page(p.browser(), "/dev/mail")
		require.Contains(t, page, "Your account was deleted")
		require.Contains(t, refusal(t, dir, []string{database}, "task", "user:delete", "ada@example.com"), "ada@example.com has no account, but is reserved until ")
	})
}

// A task in the wrong folder fails. If it created a database, its "Sessions ended: 0" would
// look like success.
func TestTask_AccountTasksCreateNoDatabase(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"sessions:end", "all"}, {"sessions:end", "ada@example.com"}, {"user:delete", "ada@example.com"}, {"user:reset-factors", "ada@example.com"}} {
		require.Contains(t, refusal(t, dir, nil, append([]string{"task"}, args...)...), "there is no database file storage/development.sqlite: is this the right folder?")
		require.NoFileExists(t, filepath.Join(dir, "storage", "development.sqlite"))
	}
}

func TestTask_AccountTasksRefuseBadArguments(t *testing.T) {
	dir := t.TempDir()
	task(t, dir, nil, "db:migrate")
	for name, usage := range map[string]string{"user:delete": "task user:delete EMAIL", "sessions:end": "task sessions:end EMAIL|all"} {
		require.Equal(t, "usage: "+usage+"\n", refusal(t, dir, nil, "task", name))
		require.Equal(t, "usage: "+usage+"\n", refusal(t, dir, nil, "task", name, "ada@example.com", "bob@example.com"))
		require.Equal(t, "\"nobody\" is not an email address\n", refusal(t, dir, nil, "task", name, "nobody"))
		require.Equal(t, "dora@example.com has no account\n", refusal(t, dir, nil, "task", name, "dora@example.com"))
	}
}

func TestTask_List_SaysWhatTasksDo(t *testing.T) {
	list := task(t, t.TempDir(), nil, "list")
	for _, name := range []string{"user:delete", "user:reset-factors", "sessions:end", "db:backup", "doctor", "rename"} {
		require.Regexp(t, name+` +# [A-Z][^\n]{20}`, list)
	}
}
