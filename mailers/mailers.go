// Package mailers sends what stands in the outbox: one worker a process, any
// number of processes. A mail that was claimed and not marked as sent is tried
// again after its lease, by whoever comes first.
package mailers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo/mail"

	"corral/config"
	"corral/models"
)

// lookEvery is how often a worker looks for mails that another process queued,
// or that are due again. Tests do not wait that long.
var lookEvery = 5 * time.Second

// Worker sends mails until it is stopped.
type Worker struct {
	conf   config.Config
	sender mail.Sender
	logger *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}
}

// Start starts a worker. Without a mail server there is nothing to do: in
// development the mails stay in the outbox, to be read at /dev/mail.
func Start(c config.Config, logger *slog.Logger) *Worker {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Worker{conf: c, logger: logger, cancel: cancel, done: make(chan struct{})}
	if c.SMTP == nil {
		close(w.done)
		return w
	}
	w.sender = newSMTP(c)
	go w.run(ctx)
	return w
}

// Stop lets the worker finish the mail that it is sending.
func (w *Worker) Stop() {
	w.cancel()
	<-w.done
}

func (w *Worker) run(ctx context.Context) {
	defer close(w.done)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		w.sendAll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-models.MailQueued():
		}
	}
}

// sendAll sends what is due, one mail after the other.
func (w *Worker) sendAll(ctx context.Context) {
	for ctx.Err() == nil {
		m, err := models.ClaimMail(ctx)
		if errors.Is(err, models.ErrNotFound) {
			return
		}
		if err != nil {
			w.logger.Error("mail cannot be claimed", "error", err.Error())
			return
		}
		// The mail at hand is finished although the process is stopping.
		if err := w.send(context.WithoutCancel(ctx), m); err != nil {
			w.logger.Error("mail outcome cannot be noted", "mail_id", m.ID.String(), "error", err.Error())
		}
	}
}

func (w *Worker) send(ctx context.Context, m *models.Mail) error {
	err := m.Resolve(ctx)
	if errors.Is(err, models.ErrNotFound) {
		return m.Sent(ctx) // nobody to send it to, and nobody is told
	}
	if err == nil {
		err = w.deliver(m)
	}
	if err != nil {
		reason := strings.ReplaceAll(err.Error(), m.Recipient, "(recipient)") // the log names nobody; the row does
		w.logger.Error("mail not sent", "mail_id", m.ID.String(), "template", m.Template, "attempt", m.Attempts, "error", reason)
		return m.Failed(ctx, err)
	}
	w.logger.Info("mail sent", "mail_id", m.ID.String(), "template", m.Template)
	return m.Sent(ctx)
}

// deliver turns a panic into an error, so that the mail that causes it is given
// up in the end, and the others are sent.
func (w *Worker) deliver(m *models.Mail) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	message, err := Compose(w.conf, m)
	if err != nil {
		return err
	}
	return w.sender.Send(message)
}
