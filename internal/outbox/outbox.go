// Package outbox queues mails in the database and delivers them by SMTP.
//
// A mail is a row of the table mails. It is queued in the transaction of the change
// that it announces, so that a crash leaves both or neither. A worker in each process
// delivers due mails, up to eight concurrently, and those of low priority last. It gives a
// mail up after six attempts in nine hours, or after a permanent error. If a worker is
// killed, another one delivers its mails two minutes later; such a mail may arrive
// twice. The app deletes the rows of mails that were delivered or given up.
//
// A mail with a later DueAt is sent at that time, unless Cancel removes it before: for
// example, a warning that is only sent if the user does not come back.
//
//	queue := outbox.NewQueue(outbox.Options{Now: time.Now, Seal: seal, Open: open})
//	worker := outbox.Start(outbox.WorkerOptions{
//		DB: db, Queue: queue, Compose: compose, Logger: logger,
//		Sender: outbox.NewSMTP(smtpURL, "www.example.com", nil),
//	})
//	defer worker.Stop()
//
//	err := queue.InTransaction(db, func(tx *pop.Connection) error {
//		// … the change that the mail announces
//		return queue.Add(tx, outbox.Mail{Recipient: email, Template: "reset", Data: "{}"}, rawToken)
//	})
//
// The migration of the table, in fizz:
//
//	create_table("mails") {
//		t.Column("id", "uuid", {primary: true})
//		t.Column("recipient", "string", {size: 254})
//		t.Column("template", "string", {size: 64})
//		t.Column("language", "string", {size: 16})
//		t.Column("data", "text", {})
//		t.Column("low_priority", "bool", {})
//		t.Column("resolved", "string", {size: 64})
//		t.Column("sealed_token", "blob", {"null": true})
//		t.Column("attempts", "integer", {})
//		t.Column("last_error", "string", {size: 255})
//		t.Column("created_at", "timestamp", {})
//		t.Column("due_at", "timestamp", {"null": true})
//		t.Column("delivered_at", "timestamp", {"null": true})
//		t.Column("given_up_at", "timestamp", {"null": true})
//		t.DisableTimestamps()
//	}
//	sql("CREATE INDEX mails_due_at_idx ON mails (low_priority, due_at) WHERE due_at IS NOT NULL;")
package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// ErrNotFound means that the mail does not exist, or that no mail is due.
var ErrNotFound = errors.New("no such mail")

// Mail is a row of the outbox.
type Mail struct {
	ID          uuid.UUID  `db:"id"`
	Recipient   string     `db:"recipient"`
	Template    string     `db:"template"`
	Language    string     `db:"language"`
	Data        string     `db:"data"`         // for Compose, such as JSON
	LowPriority bool       `db:"low_priority"` // delivered after all others
	Resolved    string     `db:"resolved"`     // the template that Resolve chose, or ""
	SealedToken []byte     `db:"sealed_token"` // removed when the mail is delivered or given up
	Attempts    int        `db:"attempts"`
	LastError   string     `db:"last_error"`
	CreatedAt   time.Time  `db:"created_at"`
	DueAt       nulls.Time `db:"due_at"` // the time of the next attempt; null after the last
	DeliveredAt nulls.Time `db:"delivered_at"`
	GivenUpAt   nulls.Time `db:"given_up_at"`
}

// Queue is the outbox.
type Queue struct {
	options Options
	wake    chan struct{}
}

// Options configure a queue. All are required.
type Options struct {
	Now  func() time.Time
	Seal func(token []byte) []byte           // encrypts a token for the database
	Open func(sealed []byte) ([]byte, error) // decrypts a sealed token
}

// NewQueue returns a queue.
func NewQueue(o Options) *Queue { return &Queue{options: o, wake: make(chan struct{}, 1)} }

// now returns the time with the precision that both databases store.
func (q *Queue) now() time.Time { return q.options.Now().UTC().Truncate(time.Microsecond) }

// Add queues m. Call it in the transaction of the change that m announces, and Wake
// after the commit. The caller sets Recipient, Template, Language and Data. For a mail
// that is due later, the caller sets DueAt, and an ID (a UUIDv7) for Cancel. rawToken
// is the token of the mail's link, or "".
func (q *Queue) Add(tx *pop.Connection, m Mail, rawToken string) error {
	if m.ID.IsNil() {
		m.ID = uuid.Must(uuid.NewV7()) // rows expire in index order; crypto/rand never fails
	}
	if m.CreatedAt = q.now(); !m.DueAt.Valid {
		m.DueAt = nulls.NewTime(m.CreatedAt)
	}
	if rawToken != "" {
		m.SealedToken = q.options.Seal([]byte(rawToken))
	}
	return database.Wrap("queueing a mail", tx.Create(&m))
}

// InTransaction is database.InTransaction for an fn that queues mails: it starts their delivery.
func (q *Queue) InTransaction(db *pop.Connection, fn func(tx *pop.Connection) error) error {
	if err := database.InTransaction(db, fn); err != nil {
		return err
	}
	q.Wake()
	return nil
}

// Wake makes the worker of this process look for due mails at once. Other workers look
// every few seconds.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Woken returns the channel on which a worker waits for Wake.
func (q *Queue) Woken() <-chan struct{} { return q.wake }

// Token returns the token of the mail's link, or "". After an error a later attempt
// may succeed: an operator may have added a secret that this process does not know yet.
func (q *Queue) Token(m *Mail) (rawToken string, err error) {
	if len(m.SealedToken) == 0 {
		return "", nil
	}
	token, err := q.options.Open(m.SealedToken)
	return string(token), err
}

// Resolve calls decide, which may change Template, Language, SealedToken and Data of m,
// and stores them. It calls decide at the first attempt only, so that a mail that
// arrives twice has the same content.
func (q *Queue) Resolve(ctx context.Context, db *pop.Connection, m *Mail, decide func() error) error {
	if m.Resolved != "" {
		m.Template = m.Resolved
		return nil
	}
	if err := decide(); err != nil {
		return err
	}
	m.Resolved = m.Template
	return database.Wrap("resolving a mail", db.WithContext(ctx).UpdateColumns(m, "language", "sealed_token", "data", "resolved"))
}

const newest = 50

// Newest returns the 50 newest mails.
func (q *Queue) Newest(ctx context.Context, db *pop.Connection) ([]Mail, error) {
	var mails []Mail
	err := db.WithContext(ctx).Order("created_at DESC").Limit(newest).All(&mails)
	return mails, database.Wrap("listing mails", err)
}

// ByID returns a mail, or ErrNotFound.
func (q *Queue) ByID(ctx context.Context, db *pop.Connection, id string) (*Mail, error) {
	mailID, err := uuid.FromString(id)
	if err != nil {
		return nil, ErrNotFound
	}
	m := &Mail{}
	err = db.WithContext(ctx).Find(m, mailID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("finding a mail: %w", err)
	}
	return m, nil
}
