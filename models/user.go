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
	user := &User{Email: email, Language: language}
	return user, inTransaction(ctx, func(tx *pop.Connection) error { return createUser(tx, user) })
}

// SetPassword gives the account a prepared password as a reset does, without a mail.
func (u *User) SetPassword(ctx context.Context, prepared string) error {
	digest, err := hashPassword(ctx, prepared) // outside the transaction: it takes long
	if err != nil {
		return err
	}
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if err := u.storePassword(tx, digest); err != nil {
			return err
		}
		return u.forgetDevices(tx)
	})
}

// ChangePassword gives the account a prepared password at its owner's wish, and
// tells the owner. Every session ends; known devices stay known. It returns
// ErrBadCredentials when somebody else has set another one meanwhile.
func (u *User) ChangePassword(ctx context.Context, prepared string, from Origin) error {
	digest, err := hashPassword(ctx, prepared) // outside the transaction: it takes long
	if err != nil {
		return err
	}
	return announcing(ctx, func(tx *pop.Connection) error {
		if err := u.lock(tx, toChange); err != nil {
			return err
		}
		if err := u.storePassword(tx, digest); err != nil {
			return err
		}
		if err := u.record(tx, ActivityPassword, from); err != nil {
			return err
		}
		return queueMail(tx, Mail{Recipient: u.Email, Template: MailPasswordChanged, Language: u.Language}, from, "")
	})
}

// storePassword stores a digest, "" for none, and ends what the old password
// opened: every session, every mailed link but those that give an address back,
// and the waits of the throttle.
func (u *User) storePassword(tx *pop.Connection, digest string) error {
	u.PasswordDigest = digest
	if err := tx.UpdateColumns(u, "password_digest", "updated_at"); err != nil {
		return fmt.Errorf("storing a password: %w", err)
	}
	if err := tx.RawQuery("DELETE FROM sessions WHERE user_id = ?", u.ID).Exec(); err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	if err := tx.RawQuery("DELETE FROM tokens WHERE (user_id = ? OR email = ?) AND purpose <> ?", u.ID, u.Email, PurposeEmailUndo).Exec(); err != nil {
		return fmt.Errorf("voiding tokens: %w", err)
	}
	return loginsPerAddress.clear(tx, u.Email)
}

func (u *User) forgetDevices(tx *pop.Connection) error {
	if err := tx.RawQuery("DELETE FROM devices WHERE user_id = ?", u.ID).Exec(); err != nil {
		return fmt.Errorf("forgetting devices: %w", err)
	}
	return nil
}

// Delete removes the account and all that is known of the person, and says
// goodbye by mail. It returns ErrBadCredentials when the account is gone, or has
// got another password, since u was read.
func (u *User) Delete(ctx context.Context, from Origin) error {
	return announcing(ctx, func(tx *pop.Connection) error {
		if err := u.lock(tx, toChange); err != nil {
			return err
		}
		if err := u.deleteMails(tx); err != nil {
			return err
		}
		if err := tx.Destroy(u); err != nil { // sessions, devices, tokens and activity go with it
			return fmt.Errorf("deleting a user: %w", err)
		}
		if err := tx.RawQuery("DELETE FROM tokens WHERE email = ?", u.Email).Exec(); err != nil {
			return fmt.Errorf("deleting tokens: %w", err)
		}
		if err := loginsPerAddress.clear(tx, u.Email); err != nil {
			return err
		}
		return queueMail(tx, Mail{Recipient: u.Email, Template: MailAccountDeleted, Language: u.Language}, from, "")
	})
}

// deleteMails removes the mails to the person, to the addresses that are kept
// for the person, and to one that the person wanted to change to.
func (u *User) deleteMails(tx *pop.Connection) error {
	if err := tx.RawQuery("DELETE FROM mails WHERE recipient = ?", u.Email).Exec(); err != nil {
		return fmt.Errorf("deleting mails: %w", err)
	}
	// Not in one statement: PostgreSQL would read every mail for an OR.
	// And only while the address is kept: afterwards it may be somebody else's.
	err := tx.RawQuery("DELETE FROM mails WHERE recipient IN (SELECT email FROM tokens WHERE user_id = ? AND purpose = ? AND expires_at > ?)",
		u.ID, PurposeEmailUndo, Clock.Now()).Exec()
	if err != nil {
		return fmt.Errorf("deleting mails to an old address: %w", err)
	}
	err = tx.RawQuery("DELETE FROM mails WHERE template = ? AND recipient IN (SELECT email FROM tokens WHERE user_id = ? AND purpose = ?)",
		MailEmailConfirm, u.ID, PurposeEmailConfirm).Exec()
	if err != nil {
		return fmt.Errorf("deleting mails to a new address: %w", err)
	}
	return nil
}

// rehash stores the same password under today's parameters. Sessions stay. It
// returns ErrBadCredentials when it is not the password any more: a reset that
// came meanwhile must not be undone.
func (u *User) rehash(ctx context.Context, prepared string) error {
	digest, err := hashPassword(ctx, prepared)
	if err != nil {
		return err
	}
	// Not updated_at, by which a password that was just set is known.
	stored, err := DB.WithContext(ctx).RawQuery("UPDATE users SET password_digest = ? WHERE id = ? AND password_digest = ?",
		digest, u.ID, u.PasswordDigest).ExecWithCount()
	if err != nil {
		return fmt.Errorf("rehashing a password: %w", err)
	}
	if stored == 0 {
		return ErrBadCredentials
	}
	u.PasswordDigest = digest
	return nil
}
