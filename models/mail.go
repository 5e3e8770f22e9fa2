package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// The mails that are sent, by the names of their templates.
const (
	MailSignup          = "signup"           // link to choose a password
	MailSignupTaken     = "signup_taken"     // somebody signed up with an address that has an account
	MailReset           = "reset"            // link to set a new password
	MailPasswordChanged = "password_changed" // notice
	MailNewDevice       = "new_device"       // notice
	MailEmailConfirm    = "email_confirm"    // to the new address: link to confirm it
	MailEmailTaken      = "email_taken"      // to the new address: it has an account
	MailEmailAsked      = "email_asked"      // notice to the old address
	MailEmailChanged    = "email_changed"    // notice to the old address, with a link to undo
	MailAccountDeleted  = "account_deleted"  // notice
)

// Mail is a row of the outbox. It is written in the transaction of what it
// announces, so that a crash leaves both or neither, and it refers to no
// account, so that the goodbye outlives it.
type Mail struct {
	ID          uuid.UUID  `db:"id"`
	Recipient   string     `db:"recipient"`
	Template    string     `db:"template"`
	Language    string     `db:"language"`     // "" is the default
	Data        string     `db:"data"`         // JSON of MailData
	SealedToken []byte     `db:"sealed_token"` // encrypted; wiped once sent
	Attempts    int        `db:"attempts"`
	LastError   string     `db:"last_error"`
	CreatedAt   time.Time  `db:"created_at"`
	DueAt       nulls.Time `db:"due_at"` // when to try next; null when done
	SentAt      nulls.Time `db:"sent_at"`
	FailedAt    nulls.Time `db:"failed_at"` // given up
}

// MailData is what a template says besides its text.
type MailData struct {
	When      time.Time `json:"when"`
	Address   string    `json:"address"`
	UserAgent string    `json:"user_agent"`
	NewEmail  string    `json:"new_email,omitempty"`
}

// Origin is where a request came from, for notices.
type Origin struct {
	Client    netip.Addr
	UserAgent string
}

func (o Origin) address() string {
	if !o.Client.IsValid() {
		return ""
	}
	return o.Client.String()
}

// mailWaits are the pauses between the tries to send a mail: six tries in nine
// hours, then it is kept as failed.
var mailWaits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// mailLease is how long a worker may take with a mail before another tries it.
const mailLease = 2 * time.Minute

// queueMail puts a mail into the outbox. rawToken goes into its link, or is "".
func queueMail(tx *pop.Connection, m Mail, from Origin, rawToken string, newEmail ...string) error {
	now := Clock.Now()
	data := MailData{When: now, Address: from.address(), UserAgent: printable(from.UserAgent, maxUserAgent)}
	if len(newEmail) > 0 {
		data.NewEmail = newEmail[0]
	}
	content, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("queueing a mail: %w", err)
	}
	m.Data, m.CreatedAt, m.DueAt = string(content), now, nulls.NewTime(now)
	if rawToken != "" {
		m.SealedToken = seal(rawToken)
	}
	if err := tx.Create(&m); err != nil {
		return fmt.Errorf("queueing a mail: %w", err)
	}
	return nil
}

// mailQueued wakes the worker of this process.
var mailQueued = make(chan struct{}, 1)

// MailQueued tells that there may be something to send.
func MailQueued() <-chan struct{} { return mailQueued }

// announcing is inTransaction for what queues a mail.
func announcing(ctx context.Context, fn func(tx *pop.Connection) error) error {
	if err := inTransaction(ctx, fn); err != nil {
		return err
	}
	select {
	case mailQueued <- struct{}{}:
	default: // it is awake
	}
	return nil
}

// ClaimMail takes the mail that is due the longest, for as long as mailLease,
// or returns ErrNotFound. No two workers get one at once.
func ClaimMail(ctx context.Context) (*Mail, error) {
	lock := ""
	if DB.Dialect.Name() == "postgres" {
		lock = "FOR UPDATE SKIP LOCKED" // SQLite has one writer at a time anyway
	}
	now := Clock.Now()
	var claimed []Mail
	err := DB.WithContext(ctx).RawQuery(`
		UPDATE mails SET due_at = ?, attempts = attempts + 1
		WHERE id = (SELECT id FROM mails WHERE due_at <= ? ORDER BY due_at LIMIT 1 `+lock+`)
		RETURNING *`, now.Add(mailLease), now).All(&claimed)
	if err != nil {
		return nil, fmt.Errorf("claiming a mail: %w", err)
	}
	if len(claimed) == 0 {
		return nil, ErrNotFound
	}
	return &claimed[0], nil
}

// Sent notes that the mail left, or that there was nothing to send, and wipes its token.
func (m *Mail) Sent(ctx context.Context) error {
	err := DB.WithContext(ctx).RawQuery("UPDATE mails SET sent_at = ?, due_at = NULL, sealed_token = NULL, last_error = '' WHERE id = ?",
		Clock.Now(), m.ID).Exec()
	if err != nil {
		return fmt.Errorf("noting a sent mail: %w", err)
	}
	return nil
}

// Failed notes why a try failed and when the next one is, or gives the mail up.
func (m *Mail) Failed(ctx context.Context, cause error) error {
	now, reason := Clock.Now(), printable(cause.Error(), 255)
	query, args := "UPDATE mails SET due_at = ?, last_error = ? WHERE id = ?", []any{}
	if m.Attempts <= len(mailWaits) {
		args = append(args, now.Add(mailWaits[m.Attempts-1]), reason, m.ID)
	} else {
		query = "UPDATE mails SET failed_at = ?, last_error = ?, due_at = NULL, sealed_token = NULL WHERE id = ?"
		args = append(args, now, reason, m.ID)
	}
	if err := DB.WithContext(ctx).RawQuery(query, args...).Exec(); err != nil {
		return fmt.Errorf("noting a failed mail: %w", err)
	}
	return nil
}

// Token returns the secret that the mail's link needs, or "".
func (m *Mail) Token() (rawToken string, err error) {
	if len(m.SealedToken) == 0 {
		return "", nil
	}
	return unseal(m.SealedToken)
}

// Details returns what the template says besides its text.
func (m *Mail) Details() (MailData, error) {
	var d MailData
	err := json.Unmarshal([]byte(m.Data), &d)
	return d, err
}

// Resolve decides what a mail is at the moment when it is sent: who asked must
// not learn whether the address has an account. ErrNotFound is: send nothing.
func (m *Mail) Resolve(ctx context.Context) error {
	tx := DB.WithContext(ctx)
	switch m.Template {
	case MailSignup:
		taken, err := emailTaken(tx, m.Recipient, uuid.Nil)
		if taken {
			m.Template, m.SealedToken = MailSignupTaken, nil
		}
		return err
	case MailEmailConfirm:
		taken, err := emailTaken(tx, m.Recipient, uuid.Nil)
		if taken {
			m.Template, m.SealedToken = MailEmailTaken, nil
		}
		return err
	case MailReset:
		_, err := FindUserByEmail(ctx, m.Recipient)
		return err
	}
	return nil
}

// newestMails is how many mails the development mailbox shows.
const newestMails = 50

// NewestMails returns the newest mails of the outbox, sent or not.
func NewestMails(ctx context.Context) ([]Mail, error) {
	var mails []Mail
	if err := DB.WithContext(ctx).Order("created_at DESC").Limit(newestMails).All(&mails); err != nil {
		return nil, fmt.Errorf("listing mails: %w", err)
	}
	return mails, nil
}

// FindMail returns a mail of the outbox, or ErrNotFound.
func FindMail(ctx context.Context, id string) (*Mail, error) {
	mailID, err := uuid.FromString(id)
	if err != nil {
		return nil, ErrNotFound
	}
	m := &Mail{}
	err = DB.WithContext(ctx).Find(m, mailID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("finding a mail: %w", err)
	}
	return m, nil
}
