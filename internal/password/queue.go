package password

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

const (
	// maxWait bounds the wait for a core, below a server's write timeout so that
	// the client gets a response.
	maxWait = 10 * time.Second

	// maxShare is how many hashes of a network may wait for each core, in each of the
	// two lines: a quarter of what a core computes in maxWait.
	maxShare = 100

	// At every fourth turn, other browsers come first: known browsers that log in
	// again and again must not keep new browsers out.
	othersTurn = 4
)

// A Place decides in which order hashes get a core.
type Place struct {
	Network string // the network of the client, such as a /24 or /48; networks take turns
	Known   bool   // a known browser, or the owner of a mailed link: before others
}

// queue hands out cores. It has two lines, of which the known browsers' is first. In
// each line, networks take turns.
type queue struct {
	mu            sync.Mutex
	cores         int // number of free cores
	turns         int // number of turns given so far
	known, others line
}

// wait waits for a core and returns the function that frees it, or ErrBusy.
func (q *queue) wait(ctx context.Context, p Place) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	turn := q.enter(p)
	if turn == nil {
		return nil, ErrBusy
	}
	select {
	case <-turn:
		return q.release, nil
	case <-ctx.Done():
		q.leave(p, turn)
		return nil, ErrBusy
	}
}

// enter returns a channel that is closed when the hash has a core, or nil if too many
// hashes of the network wait.
func (q *queue) enter(p Place) chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	turn := make(chan struct{})
	if q.cores > 0 {
		q.cores--
		close(turn)
		return turn
	}
	line := q.line(p)
	if len(line.waiting[p.Network]) >= maxShare*runtime.GOMAXPROCS(0) { // > after GOMAXPROCS has fallen
		return nil
	}
	line.add(p.Network, turn)
	return turn
}

// leave stops waiting. If the hash was given a core at this moment, leave releases it.
func (q *queue) leave(p Place, turn chan struct{}) {
	q.mu.Lock()
	removed := q.line(p).remove(p.Network, turn)
	q.mu.Unlock()
	if !removed {
		q.release()
	}
}

func (q *queue) line(p Place) *line {
	if p.Known {
		return &q.known
	}
	return &q.others
}

// release gives a core to the next hash. If none waits, the core is free.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turns++
	first, second := &q.known, &q.others
	if q.turns%othersTurn == 0 {
		first, second = second, first
	}
	turn := first.next()
	if turn == nil {
		turn = second.next()
	}
	if turn == nil {
		q.cores++
		return
	}
	close(turn)
}

// Waiting reports whether a hash waits for a core.
func (q *queue) Waiting() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.known.networks)+len(q.others.networks) > 0
}

// line holds the turns that hashes wait for, by network.
type line struct {
	networks []string // the next network first
	waiting  map[string][]chan struct{}
}

func (l *line) add(network string, turn chan struct{}) {
	if l.waiting == nil {
		l.waiting = map[string][]chan struct{}{}
	}
	if len(l.waiting[network]) == 0 {
		l.networks = append(l.networks, network)
	}
	l.waiting[network] = append(l.waiting[network], turn)
}

// next removes and returns the first turn of the next network, or returns nil.
func (l *line) next() chan struct{} {
	if len(l.networks) == 0 {
		return nil
	}
	network := l.networks[0]
	turn := l.waiting[network][0]
	l.networks = l.networks[1:]
	l.waiting[network] = l.waiting[network][1:]
	if len(l.waiting[network]) > 0 {
		l.networks = append(l.networks, network)
	} else {
		delete(l.waiting, network)
	}
	return turn
}

func (l *line) remove(network string, turn chan struct{}) bool {
	n := slices.Index(l.waiting[network], turn)
	if n < 0 {
		return false
	}
	l.waiting[network] = slices.Delete(l.waiting[network], n, n+1)
	if len(l.waiting[network]) == 0 {
		delete(l.waiting, network)
		l.networks = slices.DeleteFunc(l.networks, func(other string) bool { return other == network })
	}
	return true
}
