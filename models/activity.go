package models

import (
	"context"
	"fmt"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/useragent"
)

// Activity is an entry in the history of an account, for its owner. It is
// written in the transaction of what it records.
type Activity struct {
	ID        uuid.UUID     `db:"id"`
	UserID    uuid.NullUUID `db:"user_id"` // null for an attempt on an email without account
	Kind      string        `db:"kind"`
	IP        string        `db:"ip"`         // of the client, later its network
	Network   string        `db:"network"`    // the /24 or /48 of the IP
	UserAgent string        `db:"user_agent"` // printable
	CreatedAt time.Time     `db:"created_at"`
	ShortenAt nulls.Time    `db:"shorten_at"` // when network takes the place of ip; null afterwards
}

// The kinds of activity.
const (
	ActivitySignup          = "signup" // and logged in
	ActivityLogin           = "login"
	ActivityLoginNewBrowser = "login_new_browser" // from a new browser
	ActivityLoginFailed     = "login_failed"
	ActivityPasswordFailed  = "password_failed" // a wrong password in a confirmation
	ActivityLogout          = "logout"
	ActivitySessionEnded    = "session_ended"   // another one
	ActivityOthersEnded     = "others_ended"    // all others
	ActivityOperatorEnded   = "operator_ended"  // all, by a task
	ActivityPassword        = "password"        // changed
	ActivityPasswordReset   = "password_reset"  // set by a mailed link
	ActivityEmailRequested  = "email_requested" // a change waits for its link
	ActivityEmail           = "email"           // changed
	ActivityEmailUndone     = "email_undone"    // the change was undone
)

// Failed reports whether it was a failed attempt.
func (a Activity) Failed() bool {
	return a.Kind == ActivityLoginFailed || a.Kind == ActivityPasswordFailed
}

// How long activity is kept, and how long with its whole IP.
const (
	ActivityLifetime = 90 * 24 * time.Hour
	IPLifetime       = 30 * 24 * time.Hour
)

// record adds to the history of the account.
func (u *User) record(tx *pop.Connection, kind string, client Client) error {
	_, err := recordFor(tx, "?", u.ID, kind, client)
	return err
}

// recordAttempt records an attempt on an email. It writes one row in one
// statement whether or not there is an account: prevents enumeration by timing.
func recordAttempt(tx *pop.Connection, email, kind string, client Client) (id uuid.UUID, err error) {
	owner := "(SELECT id FROM users WHERE email = ?)"
	if tx.Dialect.Name() == "postgres" {
		owner = "(SELECT id FROM users WHERE email = ? FOR " + toNote + ")" // an account that is being deleted is none
	}
	return recordFor(tx, owner, email, kind, client)
}

func recordFor(tx *pop.Connection, owner string, ownerArg any, kind string, client Client) (id uuid.UUID, err error) {
	id, now, shortenAt := newID(), Clock.Now(), nulls.Time{}
	if client.IP.IsValid() {
		shortenAt = nulls.NewTime(now.Add(IPLifetime))
	}
	err = tx.RawQuery(`
		INSERT INTO activities (id, user_id, kind, ip, network, user_agent, created_at, shorten_at)
		VALUES (?, `+owner+`, ?, ?, ?, ?, ?, ?)`,
		id, ownerArg, kind, client.ip(), client.network(), useragent.Printable(client.UserAgent, maxUserAgent), now, shortenAt).Exec()
	if err != nil {
		return id, fmt.Errorf("recording %s: %w", kind, err)
	}
	return id, nil
}

// ActivityOf returns at most limit entries of an account's history, the newest
// first, older than the entry before, which may be uuid.Nil.
func ActivityOf(ctx context.Context, user *User, before uuid.UUID, limit int) ([]Activity, error) {
	query := DB.WithContext(ctx).Where("user_id = ?", user.ID)
	if before != uuid.Nil {
		query = query.Where("id < ?", before)
	}
	var list []Activity
	if err := query.Order("id DESC").Limit(limit).All(&list); err != nil { // ids are in the order of time
		return nil, fmt.Errorf("listing activity: %w", err)
	}
	return list, nil
}
