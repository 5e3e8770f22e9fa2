package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	"github.com/gobuffalo/pop/v6"
)

// ErrNothingToSend is returned by Compose for a mail without a recipient. It
// counts as delivered and is not logged.
var ErrNothingToSend = errors.New("nothing to send")

// errBrokenOff is recorded for a mail whose attempts leave nothing but their
// number, as when it crashes the process.
var errBrokenOff = errors.New("every attempt was broken off, as by a crash")

// WorkerOptions configure a worker.
type WorkerOptions struct {
	DB     *pop.Connection
	Queue  *Queue
	Logger *slog.Logger

	// Compose returns the message of a mail at its delivery. It may change m, or
	// return ErrNothingToSend.
	Compose func(ctx context.Context, m *Mail) (mail.Message, error)

	// Sender delivers a message. With nil, mails stay in the outbox.
	Sender mail.Sender

	// Every is how often the worker looks for due mails. Zero means five seconds.
	Every time.Duration
}

// Worker delivers mails until it is stopped.
type Worker struct {
	options WorkerOptions
	cancel  context.CancelFunc
	done    chan struct{}
}

// Start starts a worker. Several may run in a process.
func Start(o WorkerOptions) *Worker {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Worker{options: o, cancel: cancel, done: make(chan struct{})}
	if o.Sender == nil {
		close(w.done)
		return w
	}
	go w.run(ctx)
	return w
}

// Stop waits for the current mail and stops the worker.
func (w *Worker) Stop() {
	w.cancel()
	<-w.done
}

func (w *Worker) run(ctx context.Context) {
	defer close(w.done)
	tick := time.NewTicker(cmp.Or(w.options.Every, 5*time.Second))
	defer tick.Stop()
	for {
		w.deliverAll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.options.Queue.Woken():
		}
	}
}

// deliverAll delivers the due mails, one after the other.
func (w *Worker) deliverAll(ctx context.Context) {
	for ctx.Err() == nil {
		m, err := w.options.Queue.Claim(ctx, w.options.DB)
		if errors.Is(err, ErrNotFound) {
			return
		}
		if err != nil {
			w.options.Logger.Error("mail cannot be claimed", "error", err.Error())
			return
		}
		// Without cancel: Stop waits for the current mail.
		if err := w.deliver(context.WithoutCancel(ctx), m); err != nil {
			w.options.Logger.Error("mail outcome cannot be recorded", "mail_id", m.ID.String(), "error", err.Error())
		}
	}
}

func (w *Worker) deliver(ctx context.Context, m *Mail) error {
	queue, logger := w.options.Queue, w.options.Logger.With("mail_id", m.ID.String())
	err := w.send(ctx, m)
	if err != nil && !errors.Is(err, ErrNothingToSend) {
		reason := strings.ReplaceAll(err.Error(), m.Recipient, "(recipient)") // the log names no user
		logger.Error("mail not delivered", "template", m.Template, "attempt", m.Attempts, "error", reason)
		return queue.Failed(ctx, w.options.DB, m, err)
	}
	if err == nil {
		logger.Info("mail delivered", "template", m.Template)
	}
	return queue.Delivered(ctx, w.options.DB, m)
}

// send turns a panic into an error: the mail is given up and does not stop others.
func (w *Worker) send(ctx context.Context, m *Mail) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if m.Attempts > len(waits)+1 { // the last attempt recorded nothing
		return errBrokenOff
	}
	message, err := w.options.Compose(ctx, m)
	if err != nil {
		return err
	}
	return w.options.Sender.Send(message)
}
