package models

import (
	"fmt"

	"github.com/gobuffalo/pop/v6"
)

// How an account is kept as it is until the end of a transaction, in the words
// of PostgreSQL. SQLite has one writer at a time anyway.
const (
	toChange = "UPDATE"    // nobody else reads it for a change, or signs in
	toSignIn = "SHARE"     // nobody changes it
	toNote   = "KEY SHARE" // nobody deletes it
)

// lockUser finds an account and keeps it as it is. What changes an account does
// this before it locks anything else: two changes at once then wait for each
// other, and neither for ever. It returns ErrNotFound when there is none.
func lockUser(tx *pop.Connection, lock, where string, args ...any) (*User, error) {
	if tx.Dialect.Name() == "postgres" {
		where += " FOR " + lock
	}
	var found []User
	if err := tx.RawQuery("SELECT * FROM users WHERE "+where, args...).All(&found); err != nil {
		return nil, fmt.Errorf("locking a user: %w", err)
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// lock brings u up to date and keeps it so. It returns ErrBadCredentials when
// the account is gone or has got another password since u was read: whoever
// showed the old one a moment ago, while its hash was computed, comes too late.
func (u *User) lock(tx *pop.Connection, lock string) error {
	now, err := lockUser(tx, lock, "id = ? AND password_digest = ?", u.ID, u.PasswordDigest)
	if err == ErrNotFound {
		return ErrBadCredentials
	}
	if err != nil {
		return err
	}
	*u = *now
	return nil
}
