package database_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

// lab/cluster tests ThroughPooler with a real pooler.
func TestThroughPooler(t *testing.T) {
	url := databaseURL(t)
	require.False(t, database.ThroughPooler(open(t, url)))
	require.NotContains(t, database.Kind(open(t, url)), "pooler")
	if !onPostgres() {
		return
	}
	for mode, unnamed := range map[string]bool{"cache_statement": false, "cache_describe": true, "exec": true} {
		db := open(t, url+"&default_query_exec_mode="+mode)
		require.Equal(t, unnamed, database.ThroughPooler(db), mode)
		require.Equal(t, unnamed, strings.Contains(database.Kind(db), "pooler"), mode)
		var row struct{ Text string }
		for range 2 {
			s := &database.Statement{SQL: "SELECT 'a' AS text WHERE 1 = ?"}
			require.NoError(t, s.Get(t.Context(), db, &row, 1))
			require.Equal(t, "a", row.Text)
		}
		var named int
		require.NoError(t, oneConnection(db).Store.Get(&named, "SELECT count(*) FROM pg_prepared_statements"))
		require.Equal(t, unnamed, named == 0, mode)
	}
}
