// Package crash kills the production app with SIGKILL while users do all that they can
// do with accounts. Then it checks the database: everything that the app has answered
// must be stored, and nothing must be incomplete.
//
//	CORRAL_CRASHES=1000 go test ./crash -v -timeout 0
//
// sets the number of crashes on each database. The default is 3.
package crash

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

const crashesVariable = "CORRAL_CRASHES"

func crashes(t *testing.T) int {
	t.Helper()
	text := os.Getenv(crashesVariable)
	if text == "" {
		return 3
	}
	count, err := strconv.Atoi(text)
	require.NoError(t, err, crashesVariable)
	return count
}

func TestCrash_SQLite(t *testing.T) { crash(t, "") }

func TestCrash_Postgres(t *testing.T) { crash(t, services.Server(t)) }

const (
	concurrency = 8  // number of users at the same time
	maxAnswers  = 24 // maximum number of answers before a crash is triggered
)

func crash(t *testing.T, server string) {
	a := newApp(t, services.NewDatabase(t, server))

	a.launch(t) // on an empty database, so that the app dies while it migrates
	time.Sleep(rand.N(150 * time.Millisecond))
	a.kill()
	a.start(t)

	var people []*person
	for range crashes(t) {
		people = useApp(a, people, func() {
			a.awaitAnswers(rand.N(maxAnswers))
			time.Sleep(rand.N(50 * time.Millisecond)) // a random moment
			a.kill()
		})
		if t.Failed() {
			return
		}
		requireConsistent(t, a, people)
		a.start(t)
	}
	report(t, a, people)
}

// useApp lets persons take steps concurrently until kill has killed the app. It replaces
// persons who are gone, and returns all persons.
func useApp(a *app, people []*person, kill func()) []*person {
	var lock sync.Mutex
	next := func() *person {
		lock.Lock()
		defer lock.Unlock()
		for _, p := range people {
			if !p.busy && !p.gone {
				p.busy = true
				return p
			}
		}
		people = append(people, newPerson(a, len(people)))
		return people[len(people)-1]
	}
	var all sync.WaitGroup
	for range concurrency {
		all.Go(func() {
			for next().takeSteps() {
			}
		})
	}
	kill()
	all.Wait()
	for _, p := range people {
		p.busy = false
	}
	return people
}

func report(t *testing.T, a *app, people []*person) {
	t.Helper()
	answers, unanswered := map[string]int{}, 0
	for _, p := range people {
		for name, count := range p.answers {
			answers[name] += count
		}
		unanswered += p.unanswered
	}
	t.Logf("%d users; answered: %v; interrupted but done: %d", len(people), answers, unanswered)
	require.NotEmpty(t, answers)
	if crashes(t) >= 50 { // a few may interrupt nothing
		require.NotZero(t, unanswered)
	}
	var users int
	require.NoError(t, a.db.QueryRow("SELECT count(*) FROM users").Scan(&users))
	t.Logf("%d accounts in the end", users)
}
