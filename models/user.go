package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// User is an account.
type User struct {
	ID             uuid.UUID `db:"id"`
	Email          string    `db:"email"`           // as NormalizeEmail returns it
	Language       string    `db:"language"`        // a BCP 47 tag; "" follows the browser
	PasswordDigest string    `db:"password_digest"` // a PHC string; "" until a password is set
	CreatedAt      time.Time `db:"created_at"`
	UpdatedAt      time.Time `db:"updated_at"`
}

// ErrEmailTaken says that the address has an account. It is for operators:
// a visitor is never told.
var ErrEmailTaken = errors.New("the address has an account")

func findUserByTypedEmail(ctx context.Context, typed string) (*User, error) {
	email, ok := NormalizeEmail(typed)
	if !ok {
		return nil, ErrNotFound
	}
	return FindUserByEmail(ctx, email)
}

// FindUserByEmail returns the account at a normalised address, or ErrNotFound.
func FindUserByEmail(ctx context.Context, email string) (*User, error) {
	user := &User{}
	err := DB.WithContext(ctx).Where("email = ?", email).First(user)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("finding a user: %w", err)
	}
	return user, nil
}

// CreateUser makes an account without a password at a normalised address, or
// returns ErrEmailTaken.
func CreateUser(ctx context.Context, email, language string) (*User, error) {
	if _, err := FindUserByEmail(ctx, email); err == nil {
		return nil, ErrEmailTaken
	}
	user := &User{Email: email, Language: language}
	if err := DB.WithContext(ctx).Create(user); err != nil {
		return nil, fmt.Errorf("creating a user: %w", err)
	}
	return user, nil
}

// SetPassword gives the account a prepared password and ends everything that
// the old one opened: every session, every mailed link, every known device. It
// also ends the waits of the throttle.
func (u *User) SetPassword(ctx context.Context, prepared string) error {
	digest, err := hashPassword(ctx, prepared) // outside the transaction: it takes long
	if err != nil {
		return err
	}
	return DB.WithContext(ctx).Transaction(func(tx *pop.Connection) error {
		return u.storePassword(tx, digest)
	})
}

func (u *User) storePassword(tx *pop.Connection, digest string) error {
	u.PasswordDigest = digest
	if err := tx.UpdateColumns(u, "password_digest", "updated_at"); err != nil {
		return fmt.Errorf("storing a password: %w", err)
	}
	if err := tx.RawQuery("DELETE FROM sessions WHERE user_id = ?", u.ID).Exec(); err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	if err := tx.RawQuery("DELETE FROM tokens WHERE user_id = ?", u.ID).Exec(); err != nil {
		return fmt.Errorf("voiding tokens: %w", err)
	}
	if err := tx.RawQuery("DELETE FROM devices WHERE user_id = ?", u.ID).Exec(); err != nil {
		return fmt.Errorf("forgetting devices: %w", err)
	}
	return loginsPerAddress.clear(tx, u.Email)
}

// rehash stores the same password under today's parameters. Sessions stay.
func (u *User) rehash(ctx context.Context, prepared string) error {
	digest, err := hashPassword(ctx, prepared)
	if err != nil {
		return err
	}
	u.PasswordDigest = digest
	if err := DB.WithContext(ctx).UpdateColumns(u, "password_digest", "updated_at"); err != nil {
		return fmt.Errorf("rehashing a password: %w", err)
	}
	return nil
}
