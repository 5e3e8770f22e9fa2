package apptest_test

import (
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
)

func TestNewDatabase_IsEmpty(t *testing.T) {
	for range 2 {
		open(t, "CREATE TABLE notes (id INTEGER)") // would fail if the table existed
	}
}

func TestEmpty(t *testing.T) {
	db := open(t,
		"CREATE TABLE schema_migration (version TEXT)",
		"CREATE TABLE authors (id INTEGER PRIMARY KEY, friend_id INTEGER REFERENCES authors (id))",
		`CREATE TABLE "Order" (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES authors (id) ON DELETE RESTRICT)`,
		`CREATE TABLE "a-line's" (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES "Order" (id) ON DELETE RESTRICT)`,
		"CREATE TABLE notes (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES authors (id) ON DELETE CASCADE)",
		"CREATE TABLE chickens (id INTEGER PRIMARY KEY, egg_id INTEGER NOT NULL)",
		"CREATE TABLE eggs (id INTEGER PRIMARY KEY, chicken_id INTEGER REFERENCES chickens (id))",
	)
	if db.Dialect.Name() == "postgres" {
		exec(t, db, "ALTER TABLE chickens ADD FOREIGN KEY (egg_id) REFERENCES eggs (id)",
			"CREATE TABLE days (id INTEGER) PARTITION BY LIST (id)", "CREATE TABLE monday PARTITION OF days FOR VALUES IN (1)")
	} else { // SQLite has no ADD FOREIGN KEY; AUTOINCREMENT creates the table sqlite_sequence
		exec(t, db, "DROP TABLE chickens", "CREATE TABLE chickens (id INTEGER PRIMARY KEY, egg_id INTEGER NOT NULL REFERENCES eggs (id))",
			"CREATE TABLE days (id INTEGER PRIMARY KEY AUTOINCREMENT)")
	}
	exec(t, db, "CREATE VIEW friends AS SELECT * FROM authors", "INSERT INTO schema_migration VALUES ('1')")
	apptest.Empty(t, db)
	for range 2 {
		exec(t, db,
			"INSERT INTO authors VALUES (2, NULL), (1, 2)", "UPDATE authors SET friend_id = 1 WHERE id = 2",
			`INSERT INTO "Order" VALUES (1, 1)`, `INSERT INTO "a-line's" VALUES (1, 1)`, "INSERT INTO notes VALUES (1, 1), (2, 2)",
			"INSERT INTO eggs VALUES (1, NULL)", "INSERT INTO chickens VALUES (1, 1)", "UPDATE eggs SET chicken_id = 1",
			"INSERT INTO days VALUES (1)")
		apptest.Empty(t, db)
		for _, table := range []string{"authors", `"Order"`, `"a-line's"`, "notes", "chickens", "eggs", "days"} {
			require.Zero(t, count(t, db, table), table)
		}
	}
	require.Equal(t, 1, count(t, db, "schema_migration"))
}

func count(t testing.TB, db *pop.Connection, table string) (rows int) {
	t.Helper()
	require.NoError(t, db.Store.Get(&rows, "SELECT count(*) FROM "+table))
	return rows
}

func TestEmpty_WithoutTables(t *testing.T) { apptest.Empty(t, open(t)) }
