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

// active is the number of users who use the app at the same time, at every size.
const active = 1000

// Row is the cost of one kind of work at each size.
type Row struct {
	Name  string
	Part  bool // part of the previous row; has no target
	Costs []time.Duration
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

// work is a kind of work.
type work struct {
	name    string
	rounds  int
	do      func(ctx context.Context, n int) error       // n counts the repetitions
	prepare func(ctx context.Context, d *database) error // before each repetition
}

// works returns all kinds of work. They call what the handlers call.
func works(size int, page func(n int) error) []work {
	return []work{
		{"page: GET / of somebody who is logged in", 10 * active, func(context.Context, int) error { return page(rand.IntN(active)) }, nil},
		{"of it: the session and its person", 20 * active, func(ctx context.Context, _ int) error {
			_, err := models.FindSession(ctx, rawToken(rand.IntN(active), size), models.Client{IP: netip.MustParseAddr("192.0.2.1")})
			return err
		}, nil},
		{"login in a new browser", active / 10, func(ctx context.Context, n int) error {
			_, _, err := models.LogIn(ctx, models.Credentials{Email: email(nth(n%active, size)), Password: password, Client: client(n)}, true)
			return err
		}, nil},
		{"of it, without the hash: account, device, session", active, func(ctx context.Context, n int) error {
			user, err := models.FindUserByEmail(ctx, email(nth(n%active, size)))
			if err == nil {
				_, err = models.StartSession(ctx, user, client(n), models.Session{Remembered: true})
			}
			return err
		}, nil},
		{"rate limit: an attempt that is counted, a mail requested", active, func(ctx context.Context, n int) error {
			return models.RequestReset(ctx, fmt.Sprintf("stranger%d@example.org", n), "", client(n))
		}, nil},
		{"rate limit: an attempt that is refused", 5 * active, func(ctx context.Context, n int) error {
			_, _, err := models.LogIn(ctx, models.Credentials{Email: limitedEmail, Password: "x", Client: client(n)}, false)
			if limited := new(models.RateLimited); errors.As(err, &limited) {
				return nil
			}
			return fmt.Errorf("the attempt was not refused: %w", err)
		}, nil},
		{"janitor: a purge that finds nothing", active / 2, purge, nil},
		{"janitor: a purge of 10 dead sessions", 400, purge, addExpired(10)},
		{"janitor: a purge of 400 dead sessions", 200, purge, addExpired(400)}, // a purge waits between batches of 500
	}
}

func purge(ctx context.Context, _ int) error { return models.Purge(ctx) }

// client returns a different client for each n.
func client(n int) models.Client {
	return models.Client{IP: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), UserAgent: "Mozilla/5.0 (X11; Linux x86_64)"}
}

// Run configures a comparison.
type Run struct {
	Config      config.Config
	NewDatabase func() (url string, drop func(), err error)
	Sizes       []int        // numbers of sessions, ascending
	Share       int          // divides the numbers of rounds
	Say         func(string) // reports progress
}

// turns is how often each kind of work runs in each database. The databases take turns,
// so that other load on the machine affects all of them.
const turns = 10

// Measure fills a database of each size and does the work in all of them.
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
		r.Say(fmt.Sprintf("%d sessions, filled in %s", size, time.Since(began).Round(time.Second)))
	}
	limit(ctx, all)
	for n, w := range works(0, nil) {
		row := Row{Name: w.name, Part: strings.HasPrefix(w.name, "of it")}
		if row.Costs, err = r.compare(ctx, all, n); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		r.Say(fmt.Sprintf("  %s: %s", w.name, row))
		rows = append(rows, row)
	}
	return rows, nil
}

// compare returns the median cost of the n-th work in each database.
func (r Run) compare(ctx context.Context, all []*database, n int) (medians []time.Duration, err error) {
	costs := make([][]time.Duration, len(all))
	for turn := range turns {
		for i, d := range all {
			models.DB = d.pop
			ofTurn, err := d.do(ctx, works(d.size, d.page)[n], turn, r.Share)
			if err != nil {
				return nil, fmt.Errorf("with %d sessions: %w", d.size, err)
			}
			costs[i] = append(costs[i], ofTurn...)
		}
	}
	for _, c := range costs {
		slices.Sort(c)
		medians = append(medians, c[len(c)/2])
	}
	return medians, nil
}

// do does one turn of a work, and returns the cost of each round. The first rounds do
// not count, because they fill caches.
func (d *database) do(ctx context.Context, w work, turn, share int) (costs []time.Duration, err error) {
	rounds := max(w.rounds/turns/share, 1)
	warm := max(rounds/10, 1)
	for n := range rounds + warm {
		if w.prepare != nil {
			if err := w.prepare(ctx, d); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		if err := w.do(ctx, turn*(rounds+warm)+n); err != nil {
			return nil, err
		}
		if n >= warm {
			costs = append(costs, time.Since(began))
		}
	}
	return costs, nil
}
