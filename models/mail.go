package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
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

// queueMail puts a mail into the outbox. rawToken goes into its link, or is "".
func queueMail(tx *pop.Connection, m Mail, from Origin, rawToken string, newEmail ...string) error {
	if m.Language == "" {
		m.Language = from.Language
	}
	now := Clock.Now()
	data := MailData{When: now, Address: from.address(), UserAgent: printable(from.UserAgent, maxUserAgent)}
	if len(newEmail) > 0 {
		data.NewEmail = newEmail[0]
	}
	content, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("queueing a mail: %w", err)
	}
	m.ID, m.Data, m.CreatedAt, m.DueAt = newID(), string(content), now, nulls.NewTime(now)
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
