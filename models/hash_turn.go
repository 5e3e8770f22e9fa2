package models

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// ErrBusy says that too many passwords are waiting to be hashed: try again soon.
var ErrBusy = errors.New("too many passwords are being hashed")

// cores is how many the process may use.
var cores = runtime.GOMAXPROCS(0)

// hashing admits one hash per core. More at once would be no faster, and a
// flood of logins could take the memory: each needs 19 MiB.
var hashing = make(chan struct{}, cores)

// maxHashWait is how long a login waits for its turn: well within the server's
// write timeout, so that the person still gets an answer.
const maxHashWait = 10 * time.Second

func waitToHash(ctx context.Context) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, maxHashWait)
	defer cancel()
	select {
	case hashing <- struct{}{}:
		hashers.add(1)
		return func() { hashers.add(-1); <-hashing }, nil
	case <-ctx.Done():
		return nil, ErrBusy
	}
}

// hashers counts the hashes that run. While every core hashes, Go would let a
// page wait 10 ms for each of its steps. With as many places again the system
// shares the cores out, and is quicker; without a hash they would cost every
// page a little.
var hashers hashCount

type hashCount struct {
	sync.Mutex
	running int
}

func (h *hashCount) add(n int) {
	h.Lock()
	defer h.Unlock()
	before := h.running
	h.running += n
	switch {
	case before == 0:
		runtime.GOMAXPROCS(2 * cores)
	case h.running == 0:
		runtime.GOMAXPROCS(cores)
	}
}
