package process

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

func TestStart_MakesNoAccount(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		start(t, dir, binary.Production(database)...)
		var users int
		require.NoError(t, services.OpenDatabase(t, strings.TrimPrefix(database, "DATABASE_URL=")).QueryRow("SELECT count(*) FROM users").Scan(&users))
		require.Zero(t, users)
	})
}

// Each process may be the one that migrates the database, and on SQLite creates its file and
// switches it to WAL, while the others open it.
func TestStart_ManyFirstStartsAtOnce(t *testing.T) {
	for range 3 {
		onEachDatabase(t, func(t *testing.T, database string) {
			dir := t.TempDir()
			var all []*process
			for range 2 {
				app := command(t, dir, []string{database, "ADDR=127.0.0.1", "PORT=" + binary.FreePort(t)})
				app.Launch()
				all = append(all, app)
			}
			tasks := make([]*process, 4)
			for i := range tasks {
				tasks[i] = command(t, dir, []string{database}, "task", "db:migrate")
				tasks[i].Launch()
			}
			for _, task := range tasks {
				require.NoError(t, task.Wait(), task.Log())
			}
			for _, app := range all {
				app.AwaitReady()
				app.Stop()
			}
		})
	}
}
