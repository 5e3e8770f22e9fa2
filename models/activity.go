package models

import (
	"context"
	"fmt"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Activity is something that happened to an account, for its owner to see. It
// is written in the transaction of what it tells of.
type Activity struct {
	ID        uuid.UUID     `db:"id"`
	UserID    uuid.NullUUID `db:"user_id"` // null for a try at an address without account
	Kind      string        `db:"kind"`
	Address   string        `db:"address"`    // the client's, later its network
	Network   string        `db:"network"`    // the client's /24 or /48
	UserAgent string        `db:"user_agent"` // as it was sent, printable
	CreatedAt time.Time     `db:"created_at"`
	ShortenAt nulls.Time    `db:"shorten_at"` // when network takes the place of address; null when it has
}

// The kinds of activity.
const (
	ActivitySignup         = "signup" // and logged in
	ActivityLogin          = "login"
	ActivityLoginNewDevice = "login_new_device" // in a browser that was not known
	ActivityLoginFailed    = "login_failed"
	ActivityPasswordFailed = "password_failed" // a wrong current password, typed by who is signed in
	ActivityLogout         = "logout"
	ActivitySessionEnded   = "session_ended"   // one of the others
	ActivityOthersEnded    = "others_ended"    // all of the others
	ActivityOperatorEnded  = "operator_ended"  // all, by a task
	ActivityPassword       = "password"        // changed by who is signed in
	ActivityPasswordReset  = "password_reset"  // set by a mailed link
	ActivityEmailRequested = "email_requested" // waits for its link
	ActivityEmail          = "email"           // changed
	ActivityEmailUndone    = "email_undone"    // given back to the old address
)

// How long activity is kept, and how long its addresses are whole.
const (
	ActivityLifetime = 90 * 24 * time.Hour
	AddressLifetime  = 30 * 24 * time.Hour
)

// record notes what happens to the account in tx, and from where.
func (u *User) record(tx *pop.Connection, kind string, from Origin) error {
	_, err := recordFor(tx, "?", u.ID, kind, from)
	return err
}

// recordTry notes a try at an address. It is one statement whether or not the
// address has an account, and writes a row either way: neither the time that it
// takes nor the size of the table tells which.
func recordTry(tx *pop.Connection, email, kind string, from Origin) (id uuid.UUID, err error) {
	owner := "(SELECT id FROM users WHERE email = ?)"
	if tx.Dialect.Name() == "postgres" {
		owner = "(SELECT id FROM users WHERE email = ? FOR " + toNote + ")" // who is being deleted is nobody
	}
	return recordFor(tx, owner, email, kind, from)
}

func recordFor(tx *pop.Connection, owner string, ownerArg any, kind string, from Origin) (id uuid.UUID, err error) {
	id, now, shortenAt := newID(), Clock.Now(), nulls.Time{}
	if from.Client.IsValid() {
		shortenAt = nulls.NewTime(now.Add(AddressLifetime))
	}
	err = tx.RawQuery(`
		INSERT INTO activities (id, user_id, kind, address, network, user_agent, created_at, shorten_at)
		VALUES (?, `+owner+`, ?, ?, ?, ?, ?, ?)`,
		id, ownerArg, kind, from.address(), from.network(), printable(from.UserAgent, maxUserAgent), now, shortenAt).Exec()
	if err != nil {
		return id, fmt.Errorf("recording %s: %w", kind, err)
	}
	return id, nil
}

// ActivityKey is where a page of activity begins: after this row.
type ActivityKey struct {
	CreatedAt time.Time
	ID        uuid.UUID
}

// ActivityOf returns the newest activity of a person before a key, or the
// newest of all before nil: at most limit of it.
func ActivityOf(ctx context.Context, user *User, before *ActivityKey, limit int) ([]Activity, error) {
	query := DB.WithContext(ctx).Where("user_id = ?", user.ID)
	if before != nil {
		query = query.Where("(created_at, id) < (?, ?)", before.CreatedAt, before.ID)
	}
	var list []Activity
	if err := query.Order("created_at DESC, id DESC").Limit(limit).All(&list); err != nil {
		return nil, fmt.Errorf("listing activity: %w", err)
	}
	return list, nil
}
