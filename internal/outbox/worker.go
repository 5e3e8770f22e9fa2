package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	"github.com/gobuffalo/pop/v6"
)

// ErrNothingToSend is returned by Compose to drop a mail. A dropped mail is recorded
// as delivered.
var ErrNothingToSend = errors.New("nothing to send")

// ErrDeadLink is for a mail whose link was used or became void while the mail was queued.
var ErrDeadLink = errors.New("its link was used or is void")

// errBrokenOff is recorded for a mail whose last attempt ended without a record, for
// example because it crashed the process.
var errBrokenOff = errors.New("the last attempt was broken off, as by a crash")

// WorkerOptions configure a worker.
type WorkerOptions struct {
	DB     *pop.Connection
	Queue  *Queue
	Logger *slog.Logger

	// Compose returns the message of a mail that is about to be delivered. It must be
	// safe for concurrent use. It may change m, and return ErrNothingToSend or a
	// Permanent error. After 75 seconds ctx ends, and the attempt has failed.
	Compose func(ctx context.Context, m *Mail) (mail.Message, error)

	// Ready, if not nil, is called before a mail is claimed. After an error, the worker
	// claims none until it looks again.
	Ready func(ctx context.Context) error

	// GivenUp, if not nil, is called before a mail is recorded as given up, again and
	// again until it succeeds.
	GivenUp func(ctx context.Context, m *Mail) error

	// Sender delivers messages, each in at most 30 seconds. It must be safe for concurrent
	// use. If nil, mails stay queued.
	Sender mail.Sender

	// Every is how often the worker looks for due mails, by default five seconds.
	Every time.Duration
}

// A worker delivers up to maxDeliveries mails concurrently, so that a mail that a server
// accepts slowly does not delay the others. At most maxLowDeliveries of them have low
// priority: any client can cause many mails of low priority.
const (
	maxDeliveries    = 8
	maxLowDeliveries = 6
	recordMargin     = 15 * time.Second // the end of the lease, in which no outcome is recorded
	stopTimeout      = 10 * time.Second // for statements while the process is stopping
)

// Worker delivers mails until it is stopped.
type Worker struct {
	options    WorkerOptions
	cancel     context.CancelFunc
	done       chan struct{}
	deliveries sync.WaitGroup
	slots      chan struct{} // holds a value for each running delivery
	freed      chan struct{} // receives a value after each delivery
	composeFor time.Duration // a mail is composed within this time after the claim
	recordFor  time.Duration // an outcome is recorded within this time after the claim
}

// Start starts a worker. A process may have several.
func Start(o WorkerOptions) *Worker {
	ctx, cancel := context.WithCancel(context.Background())
	w := newWorker(o)
	w.cancel = cancel
	if o.Sender == nil {
		close(w.done)
		return w
	}
	go w.run(ctx)
	return w
}

func newWorker(o WorkerOptions) *Worker {
	const recordFor = lease - recordMargin
	return &Worker{options: o, done: make(chan struct{}), composeFor: recordFor - smtpTimeout, recordFor: recordFor,
		slots: make(chan struct{}, maxDeliveries), freed: make(chan struct{}, 1)}
}

// Stop stops the worker and waits for its running deliveries.
func (w *Worker) Stop() {
	w.cancel()
	<-w.done
}

func (w *Worker) run(ctx context.Context) {
	defer close(w.done)
	defer w.deliveries.Wait()
	tick := time.NewTicker(cmp.Or(w.options.Every, 5*time.Second))
	defer tick.Stop()
	for {
		w.deliverDue(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.freed:
		case <-w.options.Queue.Woken():
		}
	}
}

// deliverDue starts the delivery of due mails while slots are free.
func (w *Worker) deliverDue(ctx context.Context) {
	for ctx.Err() == nil && len(w.slots) < maxDeliveries {
		claimed := time.Now() // before: the lease begins while the database works
		m, err := w.claim(ctx)
		if errors.Is(err, ErrNotFound) {
			return
		}
		if err != nil {
			w.options.Logger.Error("mail cannot be claimed", "error", err.Error())
			return
		}
		w.slots <- struct{}{}
		w.deliveries.Go(func() {
			w.deliver(ctx, m, claimed)
			<-w.slots
			select {
			case w.freed <- struct{}{}:
			default: // a value is there already, so run will look
			}
		})
	}
}

// claim claims a mail. Stop does not interrupt it: the claim might be committed, and
// the mail would wait until the lease ends.
func (w *Worker) claim(ctx context.Context) (*Mail, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if w.options.Ready != nil {
		if err := w.options.Ready(ctx); err != nil {
			return nil, err
		}
	}
	return w.options.Queue.Claim(ctx, w.options.DB, len(w.slots) < maxLowDeliveries)
}

// deliver delivers m and records the outcome, even if ctx ends: Stop waits for it.
func (w *Worker) deliver(ctx context.Context, m *Mail, claimed time.Time) {
	queue, logger := w.options.Queue, w.options.Logger.With("mail_id", m.ID.String())
	err := w.send(ctx, m, claimed)
	record := func(ctx context.Context) error { return queue.RecordDelivered(ctx, w.options.DB, m) }
	switch {
	case err == nil:
		logger.Info("mail delivered", "template", m.Template)
	case errors.Is(err, ErrNothingToSend):
		logger.Info("mail dropped", "template", m.Template)
	default:
		reason := strings.ReplaceAll(err.Error(), m.Recipient, "(recipient)") // the log names no user
		level := slog.LevelError
		if errors.Is(err, ErrDeadLink) || isRefusedRecipient(err) || isPostponed(err) && !givesUp(m, err) {
			level = slog.LevelWarn // no fault of the operator: an email may be mistyped
		}
		logger.Log(ctx, level, "mail not delivered", "template", m.Template, "attempt", m.Attempts, "given_up", givesUp(m, err), "error", reason)
		record = func(ctx context.Context) error { return w.failed(ctx, m, err) }
	}
	if err := w.recordOutcome(ctx, claimed, record); err != nil {
		logger.Error("mail outcome cannot be recorded", "error", err.Error())
	}
}

func (w *Worker) failed(ctx context.Context, m *Mail, cause error) error {
	if w.options.GivenUp != nil && givesUp(m, cause) {
		if err := w.options.GivenUp(ctx, m); err != nil {
			return err
		}
	}
	return w.options.Queue.RecordFailed(ctx, w.options.DB, m, cause)
}

// recordOutcome calls record until it succeeds, or until the lease is about to end.
// Prevents duplicates: a mail whose outcome is not recorded, for example because
// SQLite is locked, is delivered again.
func (w *Worker) recordOutcome(ctx context.Context, claimed time.Time, record func(context.Context) error) error {
	recording, cancel := context.WithDeadline(context.WithoutCancel(ctx), claimed.Add(w.recordFor))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopTimeout, cancel) })()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := record(recording)
		if err == nil {
			return nil
		}
		select {
		case <-recording.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// send composes and sends m, even if ctx ends. It returns a panic as an error, so that the
// mail does not stop the delivery of others. Prevents duplicates: it does not send what was
// composed so slowly that the lease could end, and another worker claim the mail.
func (w *Worker) send(ctx context.Context, m *Mail, claimed time.Time) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if m.Attempts > len(waits)+1 { // the last attempt left no record
		return errBrokenOff
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), claimed.Add(w.composeFor))
	defer cancel()
	message, err := w.options.Compose(ctx, m)
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return err
	}
	return w.options.Sender.Send(message)
}
