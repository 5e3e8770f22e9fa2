package crash

import (
	"database/sql"
	"net/url"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }

// app is the production binary. Its mail server is down, so that mails stay queued.
type app struct {
	*binary.Process
	dir      string
	env      []string
	db       *sql.DB       // a connection of the test's own
	answered chan struct{} // receives a value for each answer
	killed   atomic.Bool   // requests may fail
}

// testName is the application_name of this test's own connection to PostgreSQL.
const testName = "corral-crash-test"

func newApp(t *testing.T, databaseURL string) *app {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	if u.Scheme == "postgres" {
		query := u.Query()
		query.Set("application_name", testName)
		u.RawQuery = query.Encode()
	}
	return &app{
		dir: t.TempDir(), db: services.OpenDatabase(t, u.String()), answered: make(chan struct{}, concurrency),
		env: binary.Production("HOST=https://corral.example", "PORT="+binary.FreePort(t), "DATABASE_URL="+databaseURL),
	}
}

func (a *app) launch(t *testing.T) {
	t.Helper()
	a.killed.Store(false)
	a.Process = binary.Launch(t, a.dir, a.env...)
}

func (a *app) kill() { a.killed.Store(true); a.Kill() }

func (a *app) start(t *testing.T) { t.Helper(); a.launch(t); a.AwaitReady() }

func (a *app) postgres() bool {
	var version string
	return a.db.QueryRow("SELECT sqlite_version()").Scan(&version) != nil
}

func (a *app) token(template, email string) string {
	token, err := services.Token(a.db, binary.Secret, template, email)
	if err != nil {
		panic(err)
	}
	return token
}

func (a *app) awaitAnswers(count int) {
	for range count {
		<-a.answered
	}
}
