// Package growth measures what the app's work costs in a database that grows:
// with a thousand people, with a million and with ten million it is to be the same.
package growth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"corral/config"
	"corral/models"
)

// Target is how much more a piece of work may cost in the largest database than
// in the smallest.
const Target = 1.3

// active is how many people use the site at the same time, at every size: what
// grows is the number of those who are signed in somewhere else.
const active = 1000

// Row is what one piece of work costs at each of the sizes.
type Row struct {
	Name  string
	Costs []time.Duration
}

// Ratio is the largest database's cost to the smallest's.
func (r Row) Ratio() float64 { return float64(r.Costs[len(r.Costs)-1]) / float64(r.Costs[0]) }

// work is a piece of work that is done for the n-th time.
type work struct {
	name    string
	rounds  int
	do      func(ctx context.Context, n int) error
	prepare func(ctx context.Context, size int) error // before each time
}

// works are the pages and forms as the handlers have them done. The hash of a
// password is left out: it costs the same everywhere, and more than all else.
func works(size int, page func(n int) error) []work {
	return []work{
		{"page: GET / of somebody who is logged in", 10 * active, func(_ context.Context, n int) error { return page(n % active) }, nil},
		{"of it: the session and its person", 20 * active, func(ctx context.Context, n int) error {
			_, err := models.FindSession(ctx, rawToken(n%active, size))
			return err
		}, nil},
		{"login without the hash: account, device, session", active, func(ctx context.Context, n int) error {
			user, err := models.FindUserByEmail(ctx, email(n%active+1))
			if err == nil {
				_, err = models.StartSession(ctx, user, origin(n), true)
			}
			return err
		}, nil},
		{"throttle: a try that is counted, a mail requested", active, func(ctx context.Context, n int) error {
			return models.RequestReset(ctx, fmt.Sprintf("stranger%d@example.org", n), "", origin(n))
		}, nil},
		{"throttle: a try that is refused", 5 * active, func(ctx context.Context, n int) error {
			_, err := models.LogIn(ctx, models.Credentials{Email: throttledEmail, Password: "x", From: origin(n)}, false)
			if throttled := new(models.Throttled); errors.As(err, &throttled) {
				return nil
			}
			return fmt.Errorf("it was not refused: %w", err)
		}, nil},
		{"janitor: a sweep that finds nothing", active / 2, sweep, nil},
		{"janitor: a sweep of 10 dead sessions", 200, sweep, makeDead(10)},
		{"janitor: a sweep of 400 dead sessions", 40, sweep, makeDead(400)}, // a batch is 500, and between batches it waits
	}
}

func sweep(ctx context.Context, _ int) error { return models.Sweep(ctx) }

// origin is a client of its own for each n.
func origin(n int) models.Origin {
	return models.Origin{Client: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), UserAgent: "Mozilla/5.0 (X11; Linux x86_64)"}
}

// Measure fills a new database to each of the sizes, one after the other, and
// does the work in it. say tells how far it has got.
func Measure(ctx context.Context, c config.Config, newDatabase func() (url string, drop func(), err error), sizes []int, say func(string)) ([]Row, error) {
	var rows []Row
	for _, size := range sizes {
		url, drop, err := newDatabase()
		if err != nil {
			return nil, err
		}
		c.DatabaseURL = url
		costs, err := measureOne(ctx, c, size, say)
		drop()
		if err != nil {
			return nil, fmt.Errorf("with %d sessions: %w", size, err)
		}
		for n, w := range works(0, nil) {
			if len(rows) <= n {
				rows = append(rows, Row{Name: w.name})
			}
			rows[n].Costs = append(rows[n].Costs, costs[n])
		}
	}
	return rows, nil
}

func measureOne(ctx context.Context, c config.Config, size int, say func(string)) (costs []time.Duration, err error) {
	if err := models.Connect(c); err != nil {
		return nil, err
	}
	defer models.DB.Close()
	if err := models.Migrate(); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := fill(ctx, size); err != nil {
		return nil, fmt.Errorf("filling: %w", err)
	}
	say(fmt.Sprintf("%d sessions, filled in %s", size, time.Since(began).Round(time.Second)))
	for _, w := range works(size, newPage(c, size)) {
		cost, err := w.measure(ctx, size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		say(fmt.Sprintf("  %-52s %s", w.name, cost.Round(100*time.Nanosecond)))
		costs = append(costs, cost)
	}
	return costs, nil
}

// measure returns the median cost. What has been done once is warm.
func (w work) measure(ctx context.Context, size int) (time.Duration, error) {
	var costs []time.Duration
	for n := range w.rounds + w.rounds/10 {
		if w.prepare != nil {
			if err := w.prepare(ctx, size); err != nil {
				return 0, err
			}
		}
		began := time.Now()
		if err := w.do(ctx, n); err != nil {
			return 0, err
		}
		if n >= w.rounds/10 {
			costs = append(costs, time.Since(began))
		}
	}
	slices.Sort(costs)
	return costs[len(costs)/2], nil
}
