package models

import (
	"context"
	"slices"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Activity is an entry in the history of an account, written in the transaction of
// what it records.
type Activity struct {
	ID        uuid.UUID     `db:"id"`
	UserID    uuid.NullUUID `db:"user_id"` // null: an attempt on an email without account
	Kind      string        `db:"kind"`
	IP        string        `db:"ip"`         // the client's, later only its network
	Network   string        `db:"network"`    // the /24 or /48 of the IP
	UserAgent string        `db:"user_agent"` // printable
	CreatedAt time.Time     `db:"created_at"`
	ShortenAt nulls.Time    `db:"shorten_at"` // when network replaces ip; null afterwards
}

// The kinds of activity.
const (
	ActivitySignup          = "signup"
	ActivityLogin           = "login"
	ActivityLoginNewBrowser = "login_new_browser"
	ActivityLoginFailed     = "login_failed"
	ActivitySecondStepAsked = "second_step_asked" // after the right password, or a provider's login
	ActivitySkipEnded       = "skip_ended"        // of one browser, or all
	ActivityPasswordFailed  = "password_failed"   // in a confirmation
	ActivityUnconfirmed     = "unconfirmed"       // too many failed confirmations: ends the session
	ActivityLogout          = "logout"
	ActivitySessionEnded    = "session_ended"  // a session other than the current one
	ActivityOthersEnded     = "others_ended"   // all but the current one
	ActivityEndedByOperator = "operator_ended" // all sessions, by a task
	ActivityPassword        = "password"
	ActivityPasswordReset   = "password_reset" // set by a mailed link
	ActivityPasswordRemoved = "password_removed"
	ActivityEmailRequested  = "email_requested" // the change waits for its mailed link
	ActivityEmail           = "email"
	ActivityDeleted         = "deleted"
	ActivityPasskeyAdded    = "passkey_added"
	ActivityPasskeyRemoved  = "passkey_removed"
	ActivityPasskeyRestored = "passkey_restored"
	ActivityIdentityAdded   = "identity_added" // of a provider
	ActivityIdentityRemoved = "identity_removed"
	ActivityTOTPAdded       = "totp_added"
	ActivityTOTPRemoved     = "totp_removed"
	ActivityCodesAdded      = "codes_added" // recovery codes
	ActivityCodesRemoved    = "codes_removed"
	ActivitySecondStepOn    = "second_step_on"
	ActivitySecondStepOff   = "second_step_off"
	ActivityCodeFailed      = "code_failed"
	ActivityCodeUsed        = "code_used" // a recovery code
	ActivityFactorFirstUsed = "factor_first_used"
	ActivityFactorsReset    = "factors_reset" // by a task, which removes factors a day later
	ActivityUndone          = "undone"        // a change was undone
	ActivityUndoFinished    = "undo_finished"
	ActivityUndoStopped     = "undo_stopped"
	ActivityLinksEnded      = "links_ended" // mailed links to an email that the account no longer has
)

// failures are the kinds of failed attempts, and of the end of a session after too many.
var failures = []string{ActivityLoginFailed, ActivityPasswordFailed, ActivityUnconfirmed, ActivityCodeFailed}

func (a Activity) Failed() bool { return slices.Contains(failures, a.Kind) }

// Lifetimes of an activity and of its complete IP.
const (
	activityLifetime = 90 * 24 * time.Hour
	ipLifetime       = 30 * 24 * time.Hour
)

func (u *User) record(tx *pop.Connection, kind string, client Client) error {
	_, err := recordFor(tx, "?", u.ID, kind, client)
	return err
}

// recording runs fn and records an activity, in a transaction that excludes the account's
// deletion. Functions that call it return ErrBadCredentials if the session that u was read
// with has ended.
func (u *User) recording(ctx context.Context, kind string, client Client, fn func(tx *pop.Connection) error) error {
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if _, err := lockUser(tx, changeLock, "id = ?", u.ID); err != nil { // requireSession needs it
			return err
		}
		if err := u.requireSession(tx); err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		return u.record(tx, kind, client)
	})
}

// recordAttempt writes one row in one statement, with or without an account:
// prevents enumeration by timing.
func recordAttempt(tx *pop.Connection, email, kind string, client Client) (id uuid.UUID, err error) {
	userID := "(SELECT id FROM users WHERE email = ?" + rowLock(tx, recordLock) + ")" // null if the account is being deleted
	return recordFor(tx, userID, email, kind, client)
}

func recordFor(tx *pop.Connection, userIDSQL string, arg any, kind string, client Client) (id uuid.UUID, err error) {
	id, now, shortenAt := newID(), Clock.Now(), nulls.Time{}
	if client.IP.IsValid() {
		shortenAt = nulls.NewTime(now.Add(ipLifetime))
	}
	_, err = exec(tx, "recording "+kind, `
		INSERT INTO activities (id, user_id, kind, ip, network, user_agent, created_at, shorten_at)
		VALUES (?, `+userIDSQL+`, ?, ?, ?, ?, ?, ?)`,
		id, arg, kind, client.ip(), client.network(), client.userAgent(), now, shortenAt)
	return id, err
}

// ActivityOf returns up to limit entries of an account's history, newest first: those older
// than the entry whose ID is before, or all for uuid.Nil.
func ActivityOf(ctx context.Context, user *User, before uuid.UUID, limit int) ([]Activity, error) {
	query := DB.WithContext(ctx).Where("user_id = ?", user.ID)
	if before != uuid.Nil {
		query = query.Where("id < ?", before)
	}
	var list []Activity
	err := query.Order("id DESC").Limit(limit).All(&list) // UUIDv7: ordered by time
	return list, wrap("listing activity", err)
}
