package cluster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// extension has the changes that docs/deploy.md allows in a migration while two releases
// run.
const extension = `
add_column("%[1]s", "nullable", "string", {"null": true})
add_column("%[1]s", "with_default", "bool", {"default": false})
add_index("%[1]s", "with_default", {})
`

// tables returns the names of the app's tables.
func (c *cluster) tables() []string {
	c.t.Helper()
	db := services.OpenDatabase(c.t, c.postgres.URL("postgres"))
	defer db.Close()
	var names string
	require.NoError(c.t, db.QueryRow("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migration'").Scan(&names))
	return strings.Split(names, ",")
}

// nextRelease builds the app with more migrations, which change the tables.
func nextRelease(t *testing.T, tables []string) (path string) {
	t.Helper()
	dir, replacements := t.TempDir(), map[string]string{}
	for i, table := range tables {
		name := fmt.Sprintf("299901010000%02d_extend_%s.up.fizz", i, table)
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, extension, table), 0o600))
		replacements[filepath.Join(binary.Root(), "migrations", name)] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replacements})
	require.NoError(t, err)
	list := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(list, overlay, 0o600))
	path = filepath.Join(dir, "corral")
	require.NoError(t, binary.BuildPackage(path, binary.Root(), ".", "-overlay="+list))
	return path
}

// In the update of docs/deploy.md, a task of the new release changes the schema while both
// nodes still run this release. Then one node after the other restarts.
func TestReleases_TwoAtOnce(t *testing.T) {
	c := newCluster(t, nil)
	tables := c.tables()
	next := nextRelease(t, tables)
	c.account(ada)
	c.account(bob)
	c.account(carol)
	before := c.query("postgres", "SELECT count(*) FROM schema_migration")
	l := c.startLoad(ada, bob)
	signUps := 0
	l.clients.Go(func() { signUps = l.signUp() })
	l.clients.Go(func() { l.logInAndOut(carol) })
	l.await(100)

	migrate := c.command("task", "db:migrate")
	migrate.Path = next
	require.NoError(t, migrate.Run(), migrate.Log())
	require.Equal(t, before+len(tables), c.query("postgres", "SELECT count(*) FROM schema_migration"))
	l.await(400)
	for _, n := range c.nodes {
		n.stop()
		n.release = next
		n.start()
		c.awaitReady() // both nodes, with different releases in the first round
		l.await(400)
	}
	l.end()
	require.Empty(t, l.failures)
	require.Empty(t, append(c.nodes[0].loggedErrors(), c.nodes[1].loggedErrors()...))
	require.Equal(t, before+len(tables), c.query("postgres", "SELECT count(*) FROM schema_migration"))
	require.NotZero(t, signUps)
	eventually(t, func() bool {
		return signUps == c.query("postgres", "SELECT count(*) FROM mails WHERE recipient LIKE '%@up.example' AND delivered_at IS NOT NULL AND attempts = 1")
	}, "a mail is left")
}

// signUp requests accounts, and returns the number of them.
func (l *load) signUp() (n int) {
	for ; ; n++ {
		select {
		case <-l.stopped:
			return n
		default:
			b := l.cluster.browser()
			l.take(step{browser: b, method: "POST", path: "/signup", form: url.Values{"email": {fmt.Sprintf("%d@up.example", n)}}, status: http.StatusSeeOther})
		}
	}
}

func (l *load) logInAndOut(email string) {
	b := l.cluster.browser()
	l.repeat(
		step{browser: b, method: "POST", path: "/login", form: url.Values{"email": {email}, "password": {password}}, status: http.StatusSeeOther},
		step{browser: b, method: "GET", path: "/account/sessions", status: http.StatusOK, page: "This device"},
		step{browser: b, method: "POST", path: "/account/sessions", form: url.Values{"_method": {"DELETE"}}, status: http.StatusSeeOther},
		step{browser: b, method: "POST", path: "/logout", form: url.Values{"_method": {"DELETE"}}, status: http.StatusSeeOther},
	)
}
