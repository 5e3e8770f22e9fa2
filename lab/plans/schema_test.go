package plans

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

// These queries select foreign keys that no index starts with. To delete a row, a database
// scans each table that refers to it by such a key, which no query plan shows.
const (
	foreignKeysWithoutIndexSQLite = `
		SELECT m.name || '.' || f."from" FROM sqlite_master m, pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i
			WHERE l.partial = 0 AND i.seqno = 0 AND i.name = f."from")`
	foreignKeysWithoutIndexPostgres = `
		SELECT a.attrelid::regclass || '.' || a.attname
		FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i
			WHERE i.indrelid = c.conrelid AND i.indpred IS NULL AND i.indkey[0] = c.conkey[1])`
)

func TestSchema_EveryForeignKeyHasAnIndex(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { requireIndexes(t, "", foreignKeysWithoutIndexSQLite) })
	t.Run("Postgres", func(t *testing.T) { requireIndexes(t, services.Server(t), foreignKeysWithoutIndexPostgres) })
}

func requireIndexes(t *testing.T, server, query string) {
	t.Helper()
	conn, _ := newDatabase(t, server)
	require.Empty(t, list(t, conn, query))
	// The query finds a key whose index is gone.
	_, err := conn.ExecContext(t.Context(), "DROP INDEX sessions_user_id_idx")
	require.NoError(t, err)
	require.Equal(t, []string{"sessions.user_id"}, list(t, conn, query))
}

func list(t *testing.T, conn *sql.Conn, query string) (names []string) {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}
