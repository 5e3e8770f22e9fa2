package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

// PgBouncer before 1.21 does not support named statements. It refuses settings that its
// configuration does not tell it to ignore.
func TestPgBouncer_TransactionMode(t *testing.T) {
	for name, more := range map[string]string{"as it is": "", "with the time-out ignored": "ignore_startup_parameters = idle_in_transaction_session_timeout"} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(s *services.Postgres) string { return services.StartPgBouncer(t, s, "postgres", more) })
			c.account(ada)
			c.account(bob)
			l := c.startLoad(ada, bob)
			l.await(1000)
			l.end()
			require.Empty(t, l.since(time.Time{}))
			require.Empty(t, append(c.nodes[0].loggedErrors(), c.nodes[1].loggedErrors()...))
			require.Contains(t, c.task("doctor"), "the database can be read and written (postgres, through a pooler")
		})
	}
}
