package models

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gobuffalo/validate/v3"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/email"
)

// User is an account. A new column needs a migration: see docs/own-it.md.
type User struct {
	ID                uuid.UUID  `db:"id"`
	Email             string     `db:"email"`                       // normalized
	Language          string     `db:"language"`                    // a BCP 47 tag; "" follows the browser
	PasswordDigest    string     `db:"password_digest" json:"-"`    // a PHC string; "" until a password is set
	SecondStep        bool       `db:"second_step"`                 // a login needs a factor
	CredentialVersion int        `db:"credential_version" json:"-"` // raised by each change of password or factor
	Changes           int        `db:"changes" json:"-"`            // the number of the journal's last change
	DeletedAt         nulls.Time `db:"deleted_at"`                  // null: not deleted
	CreatedAt         time.Time  `db:"created_at"`
	UpdatedAt         time.Time  `db:"updated_at"`

	sessionID uuid.UUID `db:"-"` // set by FindSession, or else uuid.Nil
}

// HasPassword reports whether the account has a password.
func (u *User) HasPassword() bool { return u.PasswordDigest != "" }

// Handle names the account to authenticators, in base64url.
func (u *User) Handle() string { return base64.RawURLEncoding.EncodeToString(u.ID.Bytes()) }

func (u *User) nullID() uuid.NullUUID { return uuid.NullUUID{UUID: u.ID, Valid: true} }

// MustEnrol reports whether the user has to set up a second step before anything else:
// SECOND_FACTOR=required. Only a session that redeemed a sign-up link or an enrolment
// link may do so: an attacker with the password must not do it first.
func (u *User) MustEnrol() bool { return settings.SecondStepRequired && !u.SecondStep }

// ErrEmailTaken means that the email has an account or is reserved for one. Only
// operators are told.
var ErrEmailTaken = errors.New("the email has an account")

// FindUserByEmail returns the account of a normalized email. If there is none, or it
// is deleted, it returns ErrNotFound.
func FindUserByEmail(ctx context.Context, email string) (*User, error) {
	return findUser(DB.WithContext(ctx), "email = ? AND deleted_at IS NULL", email)
}

// findUser returns the user that where selects, or ErrNotFound.
func findUser(tx *pop.Connection, where string, args ...any) (*User, error) {
	var found []User
	err := tx.RawQuery("SELECT "+database.List(&User{})+" FROM users WHERE "+where, args...).All(&found)
	if err != nil || len(found) == 0 {
		return nil, cmp.Or(wrap("finding a user", err), ErrNotFound)
	}
	return &found[0], nil
}

// CreateUser creates an account without a password for a normalized email, or
// returns ErrEmailTaken.
func CreateUser(ctx context.Context, email, language string) (*User, error) {
	user := &User{Email: email, Language: language}
	return user, inTransaction(ctx, func(tx *pop.Connection) error { return createUser(tx, user) })
}

func createUser(tx *pop.Connection, user *User) error {
	taken, err := emailTaken(tx, user.Email, uuid.Nil)
	if taken {
		return ErrEmailTaken
	}
	if err := errors.Join(err, clearMails(tx, MailReset, user.Email)); err != nil { // no mail was sent before
		return err
	}
	invalid, err := tx.ValidateAndCreate(user)
	if database.IsDuplicate(err, "users", "email") { // by a concurrent call
		return ErrEmailTaken
	}
	if err == nil && invalid.HasAny() {
		err = invalid
	}
	return wrap("creating a user", err)
}

// Validate is called by Pop.
func (u *User) Validate(*pop.Connection) (*validate.Errors, error) {
	invalid := validate.NewErrors()
	if normalized, ok := email.Normalize(u.Email); !ok || normalized != u.Email {
		invalid.Add("email", "email.invalid")
	}
	return invalid, nil
}

// emailTaken reports whether an account other than userID has the email, or has
// it reserved: the owner may undo a change or deletion for a week.
func emailTaken(tx *pop.Connection, email string, userID uuid.UUID) (bool, error) {
	var found []int
	err := tx.RawQuery(`
		SELECT 1 FROM users WHERE email = ? AND id <> ?
		UNION ALL SELECT 1 FROM tokens WHERE email = ? AND purpose = ? AND expires_at > ? AND user_id <> ?
		LIMIT 1`,
		email, userID, email, PurposeUndo, Clock.Now(), userID).All(&found)
	return len(found) > 0, wrap("looking for an email", err)
}

// Delete marks the account as deleted and mails a link that undoes the deletion. The janitor
// removes the account and its data after DeletedUserLifetime or later.
func (u *User) Delete(ctx context.Context, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		if err := errors.Join(u.storePassword(tx, ""), deviceCookies.Void(tx, u.ID), u.journal(tx).StopRemovals()); err != nil {
			return err
		}
		u.DeletedAt = nulls.NewTime(Clock.Now())
		return errors.Join(wrap("deleting a user", tx.UpdateColumns(u, "deleted_at", "updated_at")), u.mailChange(tx, ActivityDeleted, MailAccountDeleted, u.Email, client))
	})
}

// Locks on a user's row in PostgreSQL; SQLite has one writer at a time.
const (
	changeLock = "UPDATE"    // excludes all others
	loginLock  = "SHARE"     // excludes changes
	recordLock = "KEY SHARE" // excludes deletion
)

// lockUser finds an account and locks its row, or returns ErrNotFound. Lock this row before
// other rows: prevents deadlocks.
func lockUser(tx *pop.Connection, lock, where string, args ...any) (*User, error) {
	return findUser(tx, where+rowLock(tx, lock), args...)
}

// lock locks the row and reads u anew. It returns ErrBadCredentials if the account
// was deleted, its password or a factor changed, or its session has ended, since u
// was read.
func (u *User) lock(tx *pop.Connection, lock string) error {
	current, err := lockUser(tx, lock, "id = ? AND credential_version = ?", u.ID, u.CredentialVersion)
	if err != nil {
		return replace(err, ErrNotFound, ErrBadCredentials)
	}
	if err := u.requireSession(tx); err != nil {
		return err
	}
	current.sessionID = u.sessionID
	*u = *current
	return nil
}

// change locks the user's row, reads u anew and runs fn. Methods that call change return
// ErrBadCredentials if the account changed meanwhile, as lock does.
func (u *User) change(ctx context.Context, fn func(tx *pop.Connection) error) error {
	return inTransactionWithMail(ctx, func(tx *pop.Connection) error {
		if err := u.lock(tx, changeLock); err != nil {
			return err
		}
		return fn(tx)
	})
}

// ChooseLanguage stores the language of pages and mails: a BCP 47 tag, or "" to
// follow the browser.
func (u *User) ChooseLanguage(ctx context.Context, tag string) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		u.Language = tag
		return wrap("storing a language", tx.UpdateColumns(u, "language", "updated_at"))
	})
}
