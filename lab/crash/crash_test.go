// Package crash kills the app, as it runs in production, with SIGKILL in the
// middle of everything that people do with an account, and looks afterwards
// whether the database holds what they were told, and nothing by halves.
//
//	CORRAL_CRASHES=1000 go test ./crash -v -timeout 0
//
// goes on for so many crashes on each database. Without it there are a few.
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

// crashesVariable says how often the app is killed on each database.
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
	atOnce      = 8  // people at any time
	mostAnswers = 24 // from one crash to the next
)

func crash(t *testing.T, server string) {
	a := newApp(t, services.NewDatabase(t, server))

	a.spawn(t) // on an empty database, so this one dies while it makes its tables
	time.Sleep(rand.N(150 * time.Millisecond))
	a.Kill()
	a.start(t)

	var people []*person
	for range crashes(t) {
		people = live(a, people, func() {
			a.awaitAnswers(rand.N(mostAnswers))
			time.Sleep(rand.N(50 * time.Millisecond)) // any moment is as good as another
			a.Kill()
		})
		if t.Failed() {
			return
		}
		requireNothingByHalves(t, a, people)
		a.start(t)
	}
	report(t, a, people)
}

// live lets people go on with their lives, and others come in the place of
// those who are through, until the app is gone.
func live(a *app, people []*person, end func()) []*person {
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
	for range atOnce {
		all.Go(func() {
			for next().live() {
			}
		})
	}
	end()
	all.Wait()
	for _, p := range people {
		p.busy = false
	}
	return people
}

// report tells what was done, for who reads the log: a run in which nothing
// happened proves nothing.
func report(t *testing.T, a *app, people []*person) {
	t.Helper()
	done, cut := map[string]int{}, 0
	for _, p := range people {
		for name, count := range p.told {
			done[name] += count
		}
		cut += p.cut
	}
	t.Logf("%d people; answered: %v; cut short, and carried out: %d", len(people), done, cut)
	require.NotEmpty(t, done)
	var users int
	require.NoError(t, a.db.QueryRow("SELECT count(*) FROM users").Scan(&users))
	t.Logf("%d accounts in the end", users)
}
