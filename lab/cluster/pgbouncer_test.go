package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"

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
