package process

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// healthyEnv returns an environment without faults, with a migrated database.
func healthyEnv(t *testing.T, dir, database string) []string {
	t.Helper()
	server := newMailServer(t, "STARTTLS")
	env := []string{"GO_ENV=production", database, "HOST=https://login.example.com", "TRUSTED_PROXIES=10.0.0.0/8",
		"SESSION_SECRET=" + binary.Secret, server.url("hunter2"), server.variable}
	task(t, dir, env, "db:migrate")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "storage"))) // so that tests notice if the doctor creates it
	return env
}

// linesByCheck returns the lines that the doctor prints, by check.
func linesByCheck(t *testing.T, stdout string) map[string]string {
	t.Helper()
	lines := map[string]string{}
	for line := range strings.Lines(stdout) {
		match := regexp.MustCompile(`^(pass|fail)  (.{15}) (\S.*)\n$`).FindStringSubmatch(line)
		require.NotNil(t, match, line)
		name := strings.TrimSpace(match[2])
		lines[name] += match[1] + " " + match[3] + "\n"
	}
	return lines
}

// doctorFaults runs the doctor in an environment with faults, and returns its lines by
// check and the summary.
func doctorFaults(t *testing.T, dir string, env []string) (lines map[string]string, summary string) {
	t.Helper()
	p := command(t, dir, env, "task", "doctor")
	require.Error(t, p.Run())
	require.Equal(t, 1, p.ProcessState.ExitCode(), p.Err.String())
	require.NotContains(t, p.Out.String()+p.Err.String(), "hunter")
	return linesByCheck(t, p.Out.String()), p.Err.String()
}

func TestTask_Doctor_PassesAndChangesNothing(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		env := healthyEnv(t, dir, database)
		for _, mode := range []string{"GO_ENV=development", "GO_ENV=production"} {
			lines := linesByCheck(t, task(t, dir, append(env, mode), "doctor"))
			require.Len(t, lines, 10)
			for name, line := range lines {
				require.Regexp(t, "^pass ", line, name)
				require.Equal(t, 1, strings.Count(line, "\n"), name)
			}
		}
		require.NoDirExists(t, filepath.Join(dir, "storage"), "the doctor creates nothing")
	})
}

func TestTask_Doctor_EmptyEnvironmentNamesEachRemedy(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("LOG_LEVEL=loud\n"), 0o600))
	lines, summary := doctorFaults(t, dir, nil)
	for name, want := range map[string]string{
		"secret":         "fail SESSION_SECRET is missing: set it to ",
		"host":           "fail HOST is missing: set it to ",
		"https":          "fail nothing terminates TLS: set TRUSTED_PROXIES ",
		"mail":           "fail SMTP_URL is missing, and users could not reset a password: set it to ",
		"database":       "fail there is no database file storage/production.sqlite: is this the right folder? Check DATABASE_URL, or create the file with `task db:migrate`",
		"database TLS":   "pass the connection is local",
		"migrations":     "fail unknown until the database answers",
		"clock":          "fail unknown until the database answers",
		".env":           "fail there is a .env file beside the app: ",
		"other settings": "fail LOG_LEVEL=loud is unknown: use ",
	} {
		require.Regexp(t, "^"+regexp.QuoteMeta(want)+`[^\n]*\n$`, lines[name], name)
	}
	require.Len(t, lines, 10)
	require.Equal(t, "9 of 10 checks failed\n", summary)
	require.NoFileExists(t, filepath.Join(dir, "storage", "production.sqlite"), "the doctor creates nothing")
}

func TestTask_Doctor_NamesTheOneFault(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		env := healthyEnv(t, dir, database)
		plain, unknown := newMailServer(t, "AUTH PLAIN"), newMailServer(t, "STARTTLS")
		for _, c := range []struct{ variable, name, want string }{
			{"SESSION_SECRET=hunter", "secret", "is shorter than 32 bytes: set it to "},
			{"HOST=http://login.example.com", "host", "is not https"},
			{"TRUSTED_PROXIES=0.0.0.0/0", "https", "TRUSTED_PROXIES=0.0.0.0/0 covers all of IPv4"},
			{"TRUSTED_PROXIES=", "https", "nothing terminates TLS"},
			{plain.url("hunter2"), "mail", "accepts no login over TLS"},   // accepts passwords only without TLS
			{unknown.url("hunter2"), "mail", "accepts no login over TLS"}, // certificate of an unknown authority
			{healthyMail(env, "hunter3"), "mail", "accepts no login over TLS"},
			{"SMTP_URL=smtp://127.0.0.1:1", "mail", "127.0.0.1:1 accepts no login over TLS: check SMTP_URL, the firewall"},
			{"SMTP_URL=nonsense", "mail", "SMTP_URL is not a mail server"},
			{"PASSWORD_MIN=1", "other settings", "PASSWORD_MIN=1: use a number"},
		} {
			lines, summary := doctorFaults(t, dir, append(env, c.variable))
			require.Contains(t, lines[c.name], "fail ", c.variable)
			require.Contains(t, lines[c.name], c.want)
			require.Equal(t, "1 of 10 checks failed\n", summary, c.variable)
		}
	})
}

// healthyMail returns the healthy SMTP_URL with another password.
func healthyMail(env []string, password string) string {
	for _, variable := range env {
		if strings.HasPrefix(variable, "SMTP_URL=") {
			return strings.ReplaceAll(variable, "hunter2", password)
		}
	}
	return ""
}

func TestTask_Doctor_GivesUpOnASilentMailServer(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		env := healthyEnv(t, dir, database)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		lines, _ := doctorFaults(t, dir, append(env, "SMTP_URL=smtp://"+listener.Addr().String()))
		require.Contains(t, lines["mail"], "fail "+listener.Addr().String()+" accepts no login over TLS")
	})
}

func TestTask_Doctor_ComparesMigrations(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		env := healthyEnv(t, dir, database)
		for _, change := range []struct{ statement, want string }{
			{"INSERT INTO schema_migration (version) VALUES ('29990101000000')", "fail the database is newer than this release (migration 29990101000000)"},
			{"DELETE FROM schema_migration WHERE version = '20261122090000'", "; this may be another app's database: check DATABASE_URL"},
			{"DELETE FROM schema_migration WHERE version = '29990101000000'", "fail missing: 20261122090000; run `task db:migrate`"},
			{"DROP TABLE schema_migration", "fail there is no schema yet: run `task db:migrate`"},
		} {
			services.Execute(t, strings.TrimPrefix(database, "DATABASE_URL="), change.statement)
			lines, summary := doctorFaults(t, dir, env)
			require.Contains(t, lines["migrations"], change.want)
			require.Equal(t, "1 of 10 checks failed\n", summary)
		}
	})
}

func TestTask_Doctor_DamagedDatabase(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		env := append(healthyEnv(t, dir, database), "DATABASE_URL=sqlite3://x.sqlite")
		task(t, dir, env, "db:migrate")
		path := filepath.Join(dir, "x.sqlite")
		db := services.OpenDatabase(t, "sqlite3://"+path)
		var page int // not a page of the schema: without the schema, the database cannot be opened
		require.NoError(t, db.QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = 'activities'").Scan(&page))
		require.NoError(t, db.Close())
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		copy(content[(page-1)*4096:page*4096], strings.Repeat("torn", 1024))
		require.NoError(t, os.WriteFile(path, content, 0o600))
		lines, summary := doctorFaults(t, dir, env)
		require.Contains(t, lines["database"], "fail the database is damaged, restore a backup and remove the old -wal and -shm files: ")
		require.Equal(t, "1 of 10 checks failed\n", summary)
	})
}

// After a drop, docs/own-it.md deletes rows by the program sqlite3, which by default leaves
// the rows that refer to them.
func TestTask_Doctor_PassesAfterTheDeletesOfADrop(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		require.False(t, services.Required("sqlite3"))
		t.Skip("needs the program sqlite3: apt-get install sqlite3")
	}
	guide, err := os.ReadFile(filepath.Join(binary.Root(), "docs/own-it.md"))
	require.NoError(t, err)
	statements := regexp.MustCompile("`(DELETE FROM factors WHERE kind) = 'passkey'`, or `(IN [^`]+)`; in\\ssqlite3 after `(PRAGMA [^`]+)`").FindSubmatch(guide)
	require.NotNil(t, statements)

	dir := t.TempDir()
	env := healthyEnv(t, dir, "DATABASE_URL=sqlite3://x.sqlite")
	task(t, dir, env, "user:create", "dora@example.com")
	for _, insert := range []string{
		`INSERT INTO factors (id, user_id, kind, name, data, last_step, created_at, removed_number)
			SELECT '01a229d3-7479-7782-82ff-6791085a5c20', id, 'codes', '', x'', 0, created_at, 0 FROM users`,
		`INSERT INTO recovery_codes (id, factor_id, digest) SELECT id, id, x'' FROM factors`,
	} {
		services.Execute(t, sqlite(dir, "x.sqlite"), insert)
	}
	output, err := exec.Command("sqlite3", filepath.Join(dir, "x.sqlite"),
		fmt.Sprintf("%s %s %s", statements[3], statements[1], statements[2])).CombinedOutput()
	require.NoError(t, err, string(output))
	task(t, dir, env, "doctor")
}

func TestTask_Doctor_DatabaseDoesNotAnswer(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		env := append(healthyEnv(t, dir, database), "DATABASE_URL=postgres://corral:hunter2@127.0.0.1:1/corral")
		lines, summary := doctorFaults(t, dir, env)
		require.Contains(t, lines["database"], "fail the database cannot be opened: ")
		require.Contains(t, lines["database"], ": check DATABASE_URL; is the server up?")
		require.Contains(t, lines["migrations"], "fail unknown")
		require.Contains(t, lines["clock"], "fail unknown")
		require.Equal(t, "3 of 10 checks failed\n", summary)
	})
}
