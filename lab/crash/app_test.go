package crash

import (
	"database/sql"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }

// app is the binary as it ships, in production, with a mail server that is
// down: each mail stays where it can be counted.
type app struct {
	*binary.Process
	dir      string
	env      []string
	db       *sql.DB       // the app's, beside it
	answered chan struct{} // one for each answer
}

// witness is what this process is called among those that PostgreSQL serves.
const witness = "corral-crash-witness"

func newApp(t *testing.T, databaseURL string) *app {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	if u.Scheme == "postgres" {
		query := u.Query()
		query.Set("application_name", witness)
		u.RawQuery = query.Encode()
	}
	return &app{
		dir: t.TempDir(), db: services.OpenDatabase(t, u.String()), answered: make(chan struct{}, atOnce),
		env: binary.Production("HOST=https://corral.example", "PORT="+binary.FreePort(t), "DATABASE_URL="+databaseURL),
	}
}

// spawn starts the process and waits for nothing.
func (a *app) spawn(t *testing.T) { t.Helper(); a.Process = binary.Launch(t, a.dir, a.env...) }

// start starts the process and waits until it can serve: whatever the last one
// left behind must not be in the way.
func (a *app) start(t *testing.T) { t.Helper(); a.spawn(t); a.AwaitReady() }

// postgres says which of the databases it is.
func (a *app) postgres() bool {
	var version string
	return a.db.QueryRow("SELECT sqlite_version()").Scan(&version) != nil
}

// token is in the newest mail of a template to an email.
func (a *app) token(template, email string) string {
	token, err := services.Token(a.db, binary.Secret, template, email)
	if err != nil {
		panic(err)
	}
	return token
}

// awaitAnswers waits until the app has answered so often.
func (a *app) awaitAnswers(count int) {
	for range count {
		<-a.answered
	}
}
