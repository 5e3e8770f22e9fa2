package ratelimit_test

import (
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/gobuffalo/pop/v6/logging"
	"github.com/stretchr/testify/require"
)

const createTable = `CREATE TABLE rate_limits (
	id        VARCHAR(43) NOT NULL PRIMARY KEY,
	attempts  INTEGER NOT NULL,
	pending   INTEGER NOT NULL,
	last_ms   BIGINT NOT NULL,
	open_ms   BIGINT NOT NULL,
	purge_ms  BIGINT NOT NULL
)`

func TestMain(m *testing.M) {
	pop.SetLogger(func(logging.Level, string, ...any) {})
	os.Exit(m.Run())
}

func database(t *testing.T) *pop.Connection {
	t.Helper()
	details := &pop.ConnectionDetails{
		Dialect:  "sqlite3",
		Database: filepath.Join(t.TempDir(), "test.sqlite"),
		Pool:     8,
		IdlePool: 8,
		Options: map[string]string{
			"lock": "false", "_journal_mode": "WAL", "_txlock": "immediate", "_busy_timeout": "5000",
		},
	}
	if server := os.Getenv("TEST_DATABASE_URL"); server != "" {
		details = &pop.ConnectionDetails{URL: newPostgres(t, server), Pool: 20, IdlePool: 20}
	}
	db := open(t, details)
	require.NoError(t, db.RawQuery(createTable).Exec())
	return db
}

func open(t *testing.T, details *pop.ConnectionDetails) *pop.Connection {
	t.Helper()
	db, err := pop.NewConnection(details)
	require.NoError(t, err)
	require.NoError(t, db.Open())
	t.Cleanup(func() { db.Close() })
	return db
}

func newPostgres(t *testing.T, server string) string {
	t.Helper()
	admin := open(t, &pop.ConnectionDetails{URL: server})
	name := "ratelimit_test_" + strings.ToLower(rand.Text())
	_, err := admin.Store.Exec("CREATE DATABASE " + name)
	require.NoError(t, err)
	t.Cleanup(func() { admin.Store.Exec("DROP DATABASE " + name + " WITH (FORCE)") })
	own, err := url.Parse(server)
	require.NoError(t, err)
	own.Path = "/" + name
	return own.String()
}
