package outbox

import (
	"context"
	"time"
)

// ErrSlow is errSlow.
var ErrSlow = errSlow

// Lease is lease.
const Lease time.Duration = lease

// Idle returns a worker that delivers when DeliverAll is called.
func Idle(o WorkerOptions) *Worker { return &Worker{options: o} }

// DeliverAll delivers what is due.
func (w *Worker) DeliverAll(ctx context.Context) { w.deliverAll(ctx) }

// Cancel is what Stop does first.
func (w *Worker) Cancel() { w.cancel() }
