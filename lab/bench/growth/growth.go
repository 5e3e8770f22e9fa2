// Package growth measures whether requests and purges cost the same with a thousand, a
// million and ten million sessions in the database.
package growth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"corral/config"
	"corral/models"
)

// Target is the maximum ratio of a cost in the largest database to that in the
// smallest.
const Target = 1.3

// active is the number of users whose requests are measured. It is the same at every
// size: the other rows only make the tables large.
const active = 1000

// Row is the cost of an operation at each size.
type Row struct {
	Name           string
	PartOfPrevious bool // a part of the previous row's operation; has no target
	Costs          []time.Duration
}

// Ratio is the cost in the largest database divided by that in the smallest.
func (r Row) Ratio() float64 { return float64(r.Costs[len(r.Costs)-1]) / float64(r.Costs[0]) }

func (r Row) String() string {
	var text []string
	for _, c := range r.Costs {
		if c < time.Millisecond {
			text = append(text, fmt.Sprintf("%.3g µs", float64(c.Nanoseconds())/1e3))
		} else {
			text = append(text, fmt.Sprintf("%.3g ms", float64(c.Nanoseconds())/1e6))
		}
	}
	return strings.Join(text, " → ")
}

// operation is what a row measures.
type operation struct {
	name           string
	partOfPrevious bool
	rounds         int                                                 // in each database, in all turns together
	prepare        func(ctx context.Context, d *database) error        // before each round, not measured
	do             func(ctx context.Context, d *database, n int) error // n counts the rounds
}

// operations call what the handlers call.
var operations = []operation{
	{name: "page: GET / of a logged-in user", rounds: 10 * active, do: func(_ context.Context, d *database, _ int) error {
		return d.page(rand.IntN(active))
	}},
	{name: "a part of it: finding the session and its user", partOfPrevious: true, rounds: 20 * active, do: func(ctx context.Context, d *database, _ int) error {
		_, err := models.FindSession(ctx, rawToken(rand.IntN(active), d.size), models.Client{IP: netip.MustParseAddr("192.0.2.1")})
		return err
	}},
	{name: "login in a new browser", rounds: active / 10, do: func(ctx context.Context, d *database, n int) error {
		_, _, err := models.LogIn(ctx, models.Credentials{Email: activeEmail(n%active, d.size), Password: password, Client: client(n)}, true)
		return err
	}},
	{name: "a part of it: finding the account, starting the session", partOfPrevious: true, rounds: active, do: func(ctx context.Context, d *database, n int) error {
		user, err := models.FindUserByEmail(ctx, activeEmail(n%active, d.size))
		if err == nil {
			_, err = models.StartSession(ctx, user, client(n), models.Session{Remembered: true})
		}
		return err
	}},
	{name: "rate limit: a request for a mail, which is counted", rounds: active, do: func(ctx context.Context, _ *database, n int) error {
		return models.RequestLink(ctx, models.PurposeReset, fmt.Sprintf("stranger%d@example.org", n), "", client(n))
	}},
	{name: "rate limit: an attempt that is refused", rounds: 5 * active, do: func(ctx context.Context, _ *database, n int) error {
		_, _, err := models.LogIn(ctx, models.Credentials{Email: limitedEmail, Password: "x", Client: client(n)}, false)
		if limited := new(models.RateLimited); errors.As(err, &limited) {
			return nil
		}
		return fmt.Errorf("the attempt was not refused: %v", err)
	}},
	{name: "janitor: a purge that finds nothing", rounds: active / 2, do: purge},
	{name: "janitor: a purge of 10 expired sessions", rounds: 400, prepare: addExpired(10), do: purge},
	{name: "janitor: a purge of 400 expired sessions", rounds: 200, prepare: addExpired(400), do: purge}, // fewer than a batch of 500, after which a purge waits
}

func purge(ctx context.Context, _ *database, _ int) error { return models.Purge(ctx) }

// client returns a different client for each n.
func client(n int) models.Client {
	return models.Client{IP: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), UserAgent: "Mozilla/5.0 (X11; Linux x86_64)"}
}

// Run configures a comparison.
type Run struct {
	Config      config.Config
	NewDatabase func() (url string, drop func(), err error)
	Sizes       []int             // numbers of sessions, ascending
	Divisor     int               // divides the numbers of rounds, for a short test
	Report      func(line string) // is called with the progress
}

// turns is the number of parts of the rounds of an operation in a database. The
// databases take turns, so that other load on the machine affects all of them.
const turns = 10

// Measure fills a database of each size and runs the operations in all of them.
func (r Run) Measure(ctx context.Context) (rows []Row, err error) {
	var all []*database
	defer func() {
		for _, d := range all {
			d.close()
		}
	}()
	for _, size := range r.Sizes {
		began := time.Now()
		d, err := r.open(ctx, size)
		if err != nil {
			return nil, fmt.Errorf("with %d sessions: %w", size, err)
		}
		all = append(all, d)
		r.Report(fmt.Sprintf("%d sessions, filled in %s", size, time.Since(began).Round(time.Second)))
	}
	fillBucket(ctx, all)
	for _, o := range operations {
		row := Row{Name: o.name, PartOfPrevious: o.partOfPrevious}
		if row.Costs, err = r.compare(ctx, all, o); err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
		r.Report(fmt.Sprintf("  %s: %s", o.name, row))
		rows = append(rows, row)
	}
	return rows, nil
}

// compare returns the median cost of an operation in each database.
func (r Run) compare(ctx context.Context, all []*database, o operation) (medians []time.Duration, err error) {
	costs := make([][]time.Duration, len(all))
	for turn := range turns {
		for i, d := range all {
			models.DB = d.pop
			turnCosts, err := d.run(ctx, o, turn, r.Divisor)
			if err != nil {
				return nil, fmt.Errorf("with %d sessions: %w", d.size, err)
			}
			costs[i] = append(costs[i], turnCosts...)
		}
	}
	for _, c := range costs {
		slices.Sort(c)
		medians = append(medians, c[len(c)/2])
	}
	return medians, nil
}

// run runs one turn of an operation, and returns the cost of each round. The first
// rounds do not count, because they fill caches.
func (d *database) run(ctx context.Context, o operation, turn, divisor int) (costs []time.Duration, err error) {
	rounds := max(o.rounds/turns/divisor, 1)
	warmup := max(rounds/10, 1)
	for n := range rounds + warmup {
		if o.prepare != nil {
			if err := o.prepare(ctx, d); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		if err := o.do(ctx, d, turn*(rounds+warmup)+n); err != nil {
			return nil, err
		}
		if n >= warmup {
			costs = append(costs, time.Since(began))
		}
	}
	return costs, nil
}
