package database_test

import (
	"sync"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestStatement_QueriesTheDatabaseItIsGiven(t *testing.T) {
	statement := &database.Statement{SQL: "SELECT text FROM notes WHERE id = ?"}
	text := func(db *pop.Connection) (string, error) {
		var text string
		err := statement.Get(t.Context(), db, &text, 1)
		return text, err
	}
	one := migrated(t)
	exec(t, one, "INSERT INTO notes (id, text) VALUES (1, 'one')")
	for range 2 {
		other := migrated(t)
		exec(t, other, "INSERT INTO notes (id, text) VALUES (1, 'other')")
		for range 2 {
			for db, want := range map[*pop.Connection]string{one: "one", other: "other"} {
				got, err := text(db)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		}
		_, err := text(other)
		require.NoError(t, err)
		require.NoError(t, other.Store.Close())
		_, err = text(other)
		require.True(t, database.Unavailable(err), "%v", err)
	}
}

func TestStatement_ConcurrentUse(t *testing.T) {
	db := migrated(t)
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'one')")
	statement := &database.Statement{SQL: "SELECT id FROM notes WHERE text = ?"}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			var id int
			if err := statement.Get(t.Context(), db, &id, "one"); err != nil || id != 1 {
				t.Error(id, err)
			}
		})
	}
	all.Wait()
}

// During a rolling update, a migration of the next release changes the schema.
func TestStatement_SurvivesNewerMigrations(t *testing.T) {
	db := oneConnection(migrated(t))
	exec(t, db, "INSERT INTO notes (id, text) VALUES (1, 'one')")
	type note struct{ ID, Text string }
	statement := &database.Statement{SQL: "SELECT " + database.List(&note{}) + " FROM notes WHERE id = ?"}
	get := func() error { return statement.Get(t.Context(), db, new(note), 1) }
	require.NoError(t, get())
	exec(t, db, "ALTER TABLE notes ADD more VARCHAR(9)")
	require.NoError(t, get())
	if onPostgres() {
		exec(t, db, "ALTER TABLE notes ALTER text TYPE VARCHAR(999)")
		require.True(t, database.Unavailable(get()), "the old prepared statement fails once")
	}
	require.NoError(t, get())
}

// The table may exist by the time of the next call.
func TestStatement_PreparesAgainAfterAnError(t *testing.T) {
	db := open(t, databaseURL(t))
	statement := &database.Statement{SQL: "SELECT count(*) FROM notes"}
	var count int
	require.ErrorContains(t, statement.Get(t.Context(), db, &count), "notes")
	require.NoError(t, database.Migrate(db, migrations))
	require.NoError(t, statement.Get(t.Context(), db, &count))
}
