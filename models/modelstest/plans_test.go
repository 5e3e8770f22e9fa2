package modelstest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/models"
)

func TestMain(m *testing.M) { Main(m) }

// from is a statement that a function sends.
func from(sender, query string, args ...any) statement {
	s := statement{query: models.DB.Dialect.TranslateSQL(query), args: args}
	s.caller.Function = module + sender
	return s
}

// requireRefused checks that there is a complaint about each of the statements.
func requireRefused(t *testing.T, statements ...statement) {
	t.Helper()
	list, err := complaints(t.Context(), statements)
	require.NoError(t, err)
	for _, s := range statements {
		require.True(t, slices.ContainsFunc(list, func(c string) bool { return strings.Contains(c, s.query) }), s.query)
	}
}

// requireAccepted checks that there is no complaint.
func requireAccepted(t *testing.T, statements ...statement) {
	t.Helper()
	list, err := complaints(t.Context(), statements)
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestPlans_Index(t *testing.T) {
	const email = "ada@example.com"
	requireAccepted(t,
		from("models.X", "SELECT * FROM users WHERE email = ?", email),
		from("models.X", "DELETE FROM tokens WHERE user_id = (SELECT id FROM users WHERE email = ?)", email),
		from("models.X", "SELECT 1 FROM users WHERE email = ? UNION ALL SELECT 2", email),
		from("models.X", "UPDATE users SET language = 'de' WHERE id IN (SELECT user_id FROM tokens WHERE email = ?)", email),
		from("models.X", "SELECT id FROM mails WHERE due_at <= ? ORDER BY due_at LIMIT 1", models.Clock.Now()),
		from("models.X", "SELECT 1"),
		from("models.X", "VACUUM"), // it has no plan
		from("models.EndAllSessions", "DELETE FROM sessions"))
}

func TestPlans_Scan(t *testing.T) {
	requireRefused(t,
		from("models.X", "SELECT * FROM users WHERE language = ?", "de"),
		from("models.X", "DELETE FROM sessions WHERE address = ?", "192.0.2.1"),
		from("models.X", "UPDATE users SET language = '' WHERE id IN (SELECT user_id FROM tokens WHERE subject = ?)", "x"),
		from("models.X", "SELECT id FROM sessions ORDER BY id"), // an index from end to end
		from("models.X", "DELETE FROM sessions"))
}

// To sort is not to scan: who may do the one may not do the other.
func TestPlans_Sort(t *testing.T) {
	const query = "SELECT * FROM sessions WHERE user_id = ? ORDER BY address"
	requireRefused(t, from("models.X", query, uuid.Nil), from("models.SessionsOf", "SELECT * FROM sessions ORDER BY address"))
	requireAccepted(t, from("models.SessionsOf", query, uuid.Nil))
}

// PostgreSQL may turn to a plan that is made without knowing what is asked for:
// where a third of the rows might be dead, it looks for the first dead one from
// the start of the table.
func TestPlans_Generic(t *testing.T) {
	const dead = "SELECT id FROM tokens WHERE expires_at < ? "
	requireAccepted(t, from("models.X", dead+"ORDER BY expires_at LIMIT 100", models.Clock.Now()))
	if models.DB.Dialect.Name() == "postgres" {
		requireRefused(t, from("models.X", dead+"LIMIT 100", models.Clock.Now()))
	}
}

// What the app sends is heard, and what a test sends is not.
func TestListener(t *testing.T) {
	l := listen(models.DB)
	_, err := models.FindUserByEmail(t.Context(), "nobody@example.com")
	require.ErrorIs(t, err, models.ErrNotFound)
	require.NoError(t, models.DB.RawQuery("SELECT 1").Exec())
	heard := l.statements()
	require.Len(t, heard, 1)
	require.Equal(t, "models.FindUserByEmail", heard[0].sender())
	require.Equal(t, []any{"nobody@example.com"}, heard[0].args)
}

func TestUnheard(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "some.go")
	require.NoError(t, os.WriteFile(path, []byte(`package some
import "os"
func A() { os.Create("file") }
func B() { tx.
	RawQuery("SELECT 1").
	Exec() }
func C() { DB.WithContext(ctx).Create(row) }
func Connect() { DB.RawQuery("SELECT 1").Exec() }
`), 0o600))
	places, err := unheard(dir, nil)
	require.NoError(t, err)
	require.Equal(t, []string{path + ":4", path + ":7"}, places)

	heard := statement{}
	heard.caller.File, heard.caller.Line = path, 6
	places, err = unheard(dir, []statement{heard})
	require.NoError(t, err)
	require.Equal(t, []string{path + ":7"}, places)
}
