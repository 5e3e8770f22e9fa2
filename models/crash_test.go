package models_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

// victimVariable names the database of a process that is this test binary, run
// to be killed.
const victimVariable = "CORRAL_TEST_VICTIM"

// runVictim makes, changes and removes accounts until it is killed, and prints
// each account that it has made.
func runVictim(databaseURL string) {
	c := config.MustCurrent()
	c.DatabaseURL = databaseURL
	if err := models.Connect(c); err != nil {
		panic(err)
	}
	for worker := range 4 {
		go func() {
			for n := 0; ; n++ {
				// A slow disk keeps a writer waiting until it is refused: then its life ends early.
				if err := liveAndDie(worker, n); err != nil && !models.Unavailable(err) {
					panic(err)
				}
			}
		}()
	}
	select {}
}

func liveAndDie(worker, n int) error {
	ctx, from := context.Background(), from(worker*1000+n)
	name := fmt.Sprintf("%d-%d@example.com", worker, n)
	if err := models.RequestSignup(ctx, "free-"+name, "", from); err != nil {
		return err
	}
	user, err := models.CreateUser(ctx, name, "")
	if err != nil {
		return err
	}
	fmt.Println(name)
	if err := user.RequestEmailChange(ctx, "new-"+name, from); err != nil {
		return err
	}
	return user.Delete(ctx, from)
}

// kill -9 at any moment leaves a change with its mail, or neither.
func TestCrash_NothingIsHalfDone(t *testing.T) {
	for _, accounts := range []int{1, 7, 30, 60, 100} {
		databaseURL, drop, err := modelstest.NewDatabase(os.Getenv("TEST_DATABASE_URL"))
		require.NoError(t, err)
		t.Cleanup(drop)
		require.NoError(t, connect(t, databaseURL).Close())
		made := killAfter(t, databaseURL, accounts)
		db := connect(t, databaseURL)
		defer db.Close()
		waitForBackends(t, db)

		// Every sign-up link that is good was mailed, and every one that is mailed is good.
		require.Equal(t, emails(t, db, "SELECT email FROM tokens WHERE purpose = 'signup'"),
			emails(t, db, "SELECT recipient FROM mails WHERE template = 'signup'"))
		// Every account that is gone said goodbye, and no other did.
		there := emails(t, db, "SELECT email FROM users")
		gone := emails(t, db, "SELECT recipient FROM mails WHERE template = 'account_deleted'")
		for name := range there {
			require.NotContains(t, gone, name)
		}
		for _, name := range made {
			require.True(t, there[name] || gone[name], "%s is gone without a goodbye", name)
		}
		// Whoever is told that the address is about to change has got the link, and the other way round.
		asked := emails(t, db, "SELECT recipient FROM mails WHERE template = 'email_asked'")
		require.Equal(t, asked, trimmed(emails(t, db, "SELECT email FROM tokens WHERE purpose = 'email_confirm'")))
		require.Equal(t, asked, trimmed(emails(t, db, "SELECT recipient FROM mails WHERE template = 'email_confirm'")))
	}
}

// connect opens a database beside that of the other tests, and migrates it.
func connect(t *testing.T, databaseURL string) *pop.Connection {
	t.Helper()
	usual, c := models.DB, config.MustCurrent()
	c.DatabaseURL = databaseURL
	require.NoError(t, models.Connect(c))
	require.NoError(t, models.Migrate())
	db := models.DB
	models.DB, pop.Connections[c.Env] = usual, usual
	return db
}

// killAfter kills a victim when it has made so many accounts, and returns them.
func killAfter(t *testing.T, databaseURL string, accounts int) (made []string) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	victim := exec.Command(program)
	victim.Env, victim.Stderr = append(os.Environ(), victimVariable+"="+databaseURL), os.Stderr
	stdout, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		made = append(made, lines.Text())
		if len(made) == accounts {
			require.NoError(t, victim.Process.Kill()) // SIGKILL
		}
	}
	victim.Wait()
	require.GreaterOrEqual(t, len(made), accounts, "it was killed, it did not end by itself")
	return made
}

// waitForBackends waits until PostgreSQL has noticed that the victim is dead.
func waitForBackends(t *testing.T, db *pop.Connection) {
	t.Helper()
	if db.Dialect.Name() != "postgres" {
		return
	}
	require.Eventually(t, func() bool {
		var left int
		err := db.Store.Get(&left, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND backend_start < (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())`)
		return err == nil && left == 0
	}, 30*time.Second, 10*time.Millisecond)
}

func emails(t *testing.T, db *pop.Connection, query string) map[string]bool {
	t.Helper()
	var list []string
	require.NoError(t, db.Store.Select(&list, query))
	found := map[string]bool{}
	for _, email := range list {
		require.False(t, found[email], "%s twice", email)
		found[email] = true
	}
	return found
}

// trimmed takes new addresses for those of the accounts that want them.
func trimmed(emails map[string]bool) map[string]bool {
	accounts := map[string]bool{}
	for email := range emails {
		accounts[strings.TrimPrefix(email, "new-")] = true
	}
	return accounts
}
