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

// hashing admits one hash per core. More at once would be no faster, and a
// flood of logins could take the memory: each needs 19 MiB.
var hashing = make(chan struct{}, runtime.GOMAXPROCS(0))

// maxHashWait is how long a login waits for its turn: well within the server's
// write timeout, so that the person still gets an answer.
const maxHashWait = 10 * time.Second

func waitToHash(ctx context.Context) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, maxHashWait)
	defer cancel()
	select {
	case hashing <- struct{}{}:
		hashes.begin()
		return func() { hashes.end(); <-hashing }, nil
	case <-ctx.Done():
		return nil, ErrBusy
	}
}

// OnRush is told when passwords begin to be hashed, and when none has been for a
// while: the runtime can be fitted to it.
var OnRush = func(rush bool) {}

// calmAfter is how long no password is hashed when a rush is over.
var calmAfter = time.Second

var hashes = newRush()

// rush counts the hashes that run.
type rush struct {
	mutex   sync.Mutex
	running int
	on      bool
	calm    *time.Timer // runs after the last hash
}

func newRush() *rush {
	r := &rush{}
	r.calm = time.AfterFunc(time.Hour, r.over)
	r.calm.Stop()
	return r
}

func (r *rush) begin() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.running++
	r.calm.Stop()
	if !r.on {
		r.on = true
		OnRush(true)
	}
}

func (r *rush) end() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.running--; r.running == 0 {
		r.calm.Reset(calmAfter)
	}
}

func (r *rush) over() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.on && r.running == 0 { // else another has begun meanwhile
		r.on = false
		OnRush(false)
	}
}
