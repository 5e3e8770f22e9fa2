package plans

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/plans/record"
	"corral/lab/services"
)

// sqlFolders are the folders in which tests must run every line that sends a statement.
var sqlFolders = []string{"models", "internal/database", "internal/factor", "internal/once", "internal/outbox", "internal/purge", "internal/ratelimit", "internal/recovery", "internal/token", "internal/undo"}

func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }

func TestPlans_EveryStatementUsesAnIndex(t *testing.T) {
	for name, server := range map[string]func(testing.TB) string{
		"SQLite":   func(testing.TB) string { return "" },
		"Postgres": services.Server,
	} {
		t.Run(name, func(t *testing.T) {
			server := server(t)
			statements := recordSuites(t, server)
			require.Greater(t, len(statements), 50)
			conn, explain := newDatabase(t, server)
			list, err := complaints(t.Context(), conn, explain, statements)
			require.NoError(t, err)
			require.Empty(t, strings.Join(list, "\n"))
			places, err := unrecorded(binary.Root(), sqlFolders, statements)
			require.NoError(t, err)
			require.Empty(t, places, "these send a statement that no test has sent: its plan was not read")
		})
	}
}

func recordSuites(t *testing.T, server string) (statements []record.Statement) {
	t.Helper()
	folder := t.TempDir()
	packages := runGo(t, "list", "-f", `{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}:{{join .TestImports ","}},{{join .XTestImports ","}},{{end}}`, "./...")
	module := strings.TrimSpace(runGo(t, "list", "-m"))
	args := []string{"test", "-count=1", "-vet=off", "-timeout=80m", "-overlay", overlay(t, module)}
	for line := range strings.Lines(packages) {
		if path, imports, ok := strings.Cut(line, ":"); ok && strings.Contains(imports, module+"/"+testKit+",") {
			args = append(args, path)
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = binary.Root(), append(os.Environ(), "TEST_DATABASE_URL="+server, "PLANS_FOLDER="+folder)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))

	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	for _, path := range files {
		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		for lines := json.NewDecoder(file); lines.More(); {
			var s record.Statement
			require.NoError(t, lines.Decode(&s))
			statements = append(statements, s)
		}
	}
	return statements
}

// overlay writes a file for go test -overlay, which adds the recorder to the test kit and
// the tests in testdata to their packages.
func overlay(t *testing.T, module string) (path string) {
	t.Helper()
	kit := filepath.Join(binary.Root(), testKit)
	clause := "package " + filepath.Base(testKit)
	source, err := os.ReadFile("record/record.go")
	require.NoError(t, err)
	dir, replacements := t.TempDir(), map[string]string{}
	add := func(name, content string) {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		replacements[filepath.Join(kit, name)] = file
	}
	add("record.go", strings.Replace(string(source), "\npackage record\n", "\n"+clause+"\n", 1))
	// The folder is not in the source, so that the second database compiles nothing again.
	add("hook.go", fmt.Sprintf("%s\n\nimport (\n\t\"os\"\n\n\t\"github.com/gobuffalo/pop/v6\"\n)\n\nfunc init() { opened = func(c *pop.Connection) { Start(c, os.Getenv(\"PLANS_FOLDER\"), %q, %q) } }\n",
		clause, binary.Root(), module))
	tests, err := filepath.Glob("testdata/*/*_test.go")
	require.NoError(t, err)
	for _, test := range tests {
		absolute, err := filepath.Abs(test)
		require.NoError(t, err)
		replacements[filepath.Join(binary.Root(), strings.TrimPrefix(test, "testdata/"))] = absolute
	}
	content, err := json.Marshal(map[string]any{"Replace": replacements})
	require.NoError(t, err)
	path = filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

// runGo runs the go command in the app's folder and returns its output.
func runGo(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = binary.Root()
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

func newDatabase(t *testing.T, server string) (*sql.Conn, explainer) {
	t.Helper()
	databaseURL := services.NewDatabase(t, server)
	migrate := binary.Command(t, t.TempDir(), []string{"DATABASE_URL=" + databaseURL}, "task", "db:migrate")
	require.NoError(t, migrate.Run(), migrate.Log())
	conn, err := services.OpenDatabase(t, databaseURL).Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	if server == "" {
		return conn, explainSQLite
	}
	require.NoError(t, fill(t.Context(), conn))
	return conn, explainPostgres
}

// complain returns the complaints about statements, on the server of TEST_DATABASE_URL or on
// SQLite.
func complain(t *testing.T, statements ...record.Statement) []string {
	t.Helper()
	server := os.Getenv("TEST_DATABASE_URL")
	conn, explain := newDatabase(t, server)
	if server != "" { // placeholders are ?, or on PostgreSQL $1, $2 and so on
		for i, s := range statements {
			n := 0
			statements[i].Query = regexp.MustCompile(`\?`).ReplaceAllStringFunc(s.Query, func(string) string { n++; return fmt.Sprint("$", n) })
		}
	}
	list, err := complaints(context.Background(), conn, explain, statements)
	require.NoError(t, err)
	return list
}

// statement returns a statement that a function has sent.
func statement(function, query string, args ...any) record.Statement {
	s := record.Statement{Function: function, Query: query}
	for _, arg := range args {
		switch arg := arg.(type) {
		case string:
			s.Args = append(s.Args, record.Arg{Text: &arg})
		case time.Time:
			s.Args = append(s.Args, record.Arg{Time: &arg})
		}
	}
	return s
}

// requireRefused requires a complaint about each statement.
func requireRefused(t *testing.T, statements ...record.Statement) {
	t.Helper()
	list := complain(t, statements...)
	for _, s := range statements {
		require.True(t, slices.ContainsFunc(list, func(complaint string) bool { return strings.Contains(complaint, s.Query) }), s.Query)
	}
}

const unknownID = "00000000-0000-0000-0000-000000000000"

func TestComplaints_AcceptIndexes(t *testing.T) {
	const email = "ada@example.com"
	require.Empty(t, complain(t,
		statement("models.X", "SELECT * FROM users WHERE email = ?", email),
		statement("models.X", "DELETE FROM tokens WHERE user_id = (SELECT id FROM users WHERE email = ?)", email),
		statement("models.X", "SELECT 1 FROM users WHERE email = ? UNION ALL SELECT 2", email),
		statement("models.X", "UPDATE users SET language = 'de' WHERE id IN (SELECT user_id FROM tokens WHERE email = ?)", email),
		statement("models.X", "SELECT id FROM mails WHERE low_priority = FALSE AND due_at <= ? ORDER BY due_at LIMIT 1", time.Now()),
		statement("models.X", "SELECT 1"),
		statement("models.X", "VACUUM"), // has no plan
		statement("internal/database.Migrate", "DELETE FROM sessions")))
}

func TestComplaints_RefuseScans(t *testing.T) {
	requireRefused(t,
		statement("models.X", "SELECT * FROM users WHERE language = ?", "de"),
		statement("models.X", "DELETE FROM sessions WHERE ip = ?", "192.0.2.1"),
		statement("models.X", "UPDATE users SET language = '' WHERE id IN (SELECT user_id FROM tokens WHERE subject = ?)", "x"),
		statement("models.X", "SELECT id FROM sessions ORDER BY id"), // reads the whole index
		statement("models.X", "DELETE FROM sessions"))
}

// A function that may sort may not scan.
func TestComplaints_RefuseSorts(t *testing.T) {
	const query = "SELECT * FROM sessions WHERE user_id = ? ORDER BY ip"
	requireRefused(t, statement("models.X", query, unknownID), statement("models.SessionsOf", "SELECT * FROM sessions ORDER BY ip"))
	require.Empty(t, complain(t, statement("models.SessionsOf", query, unknownID)))
}

// A generic plan ignores the arguments: PostgreSQL assumes that a third of the rows have
// expired, and without ORDER BY reads the table from its start.
func TestComplaints_ReadTheGenericPlan(t *testing.T) {
	const expired = "SELECT id FROM tokens WHERE expires_at < ? "
	require.Empty(t, complain(t, statement("models.X", expired+"ORDER BY expires_at LIMIT 100", time.Now())))
	if os.Getenv("TEST_DATABASE_URL") != "" {
		requireRefused(t, statement("models.X", expired+"LIMIT 100", time.Now()))
	}
}

func TestUnrecorded_NamesThePlaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "some.go")
	require.NoError(t, os.WriteFile(path, []byte(`package some
import "os"; import "database/sql"
func A() { os.Create("file") }
func B() { tx.
	RawQuery("SELECT 1").
	Exec() }
func C() { DB.WithContext(ctx).Create(row) }
func Open() { DB.RawQuery("SELECT 1").Exec() }
func D() { u.Query(); db.QueryRow("SELECT 1") }
func E() { db.Query("SELECT 1") }
`), 0o600))
	places, err := unrecorded(dir, []string{"."}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"some.go:4", "some.go:7", "some.go:9", "some.go:10"}, places)

	places, err = unrecorded(dir, []string{"."}, []record.Statement{{File: "some.go", Line: 6}})
	require.NoError(t, err)
	require.Equal(t, []string{"some.go:7", "some.go:9", "some.go:10"}, places)
}
