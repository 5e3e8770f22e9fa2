package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// PgBouncer before 1.21 does not support named statements, and it refuses a client that
// sends a setting, unless its configuration says to ignore this setting.
func TestPgBouncer_TransactionMode(t *testing.T) {
	for name, setting := range map[string]string{"default": "", "ignoring the timeout": "ignore_startup_parameters = idle_in_transaction_session_timeout"} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(s *services.Postgres) string { return services.StartPgBouncer(t, s, "postgres", setting) })
			c.account(ada)
			c.account(bob)
			l := c.startLoad(ada, bob)
			l.await(1000)
			l.end()
			require.Empty(t, l.failures)
			require.Empty(t, append(c.nodes[0].loggedErrors(), c.nodes[1].loggedErrors()...))
			require.Contains(t, c.task("doctor"), "the database can be read and written (postgres, through a pooler")
		})
	}
}

// The app cannot start without transactions.
func TestPgBouncer_StatementModeIsRefusedWithARemedy(t *testing.T) {
	services.Server(t)
	s := services.StartPostgres(t)
	task := func(databaseURL, name string) *binary.Process {
		p := binary.Command(t, t.TempDir(), []string{"DATABASE_URL=" + databaseURL}, "task", name)
		p.Run()
		return p
	}
	require.Contains(t, task(s.URL("postgres"), "db:migrate").Out.String(), "The schema is up to date.")
	url := services.StartPgBouncer(t, s, "postgres", "pool_mode = statement")
	const remedy = ": set PgBouncer's pool_mode to transaction\n"
	require.Contains(t, task(url, "db:migrate").Err.String(), remedy)
	require.Regexp(t, "fail +database +the database cannot be written: .*"+remedy, task(url, "doctor").Out.String())
}
