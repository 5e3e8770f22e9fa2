package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Purposes and lifetimes of the links that change an address.
const (
	PurposeEmailConfirm = "email_confirm"
	PurposeEmailUndo    = "email_undo"

	EmailConfirmLifetime = 24 * time.Hour
	EmailUndoLifetime    = 7 * 24 * time.Hour // the time that a holiday takes; the old address is kept as long
)

var emailChangesPerAddress = limit{name: "email change mail address", most: 3, window: time.Hour}

// RequestEmailChange mails a link to the new address, which confirms the change,
// and tells the old one. Whether the new address has an account is decided when
// the mail is sent. It returns *Throttled when the client asked too often.
func (u *User) RequestEmailChange(ctx context.Context, newEmail string, from Origin) error {
	return requestMail(ctx, emailChangesPerAddress, from, newEmail, func(tx *pop.Connection) error {
		if err := u.lock(tx, toChange); err != nil {
			return err
		}
		token := Token{Purpose: PurposeEmailConfirm, Subject: u.ID.String(), Email: newEmail, UserID: u.nullID()}
		rawToken, err := token.issue(tx, EmailConfirmLifetime)
		if err != nil {
			return err
		}
		if err := u.record(tx, ActivityEmailRequested, from); err != nil {
			return err
		}
		if err := queueMail(tx, Mail{Recipient: newEmail, Template: MailEmailConfirm, Language: u.Language}, from, rawToken); err != nil {
			return err
		}
		return queueMail(tx, Mail{Recipient: u.Email, Template: MailEmailAsked, Language: u.Language}, from, "", newEmail)
	})
}

func (u *User) nullID() uuid.NullUUID { return uuid.NullUUID{UUID: u.ID, Valid: true} }

// FindEmailChange returns the address that a token would give to the account,
// or ErrNotFound, also when another account asked for it: a typo must not hand
// an account to a stranger. It does not spend the token.
func (u *User) FindEmailChange(ctx context.Context, rawToken string) (newEmail string, err error) {
	token, err := u.findEmailChange(DB.WithContext(ctx), rawToken)
	if err != nil {
		return "", err
	}
	return token.Email, nil
}

func (u *User) findEmailChange(tx *pop.Connection, rawToken string) (*Token, error) {
	token, err := findToken(tx, rawToken, PurposeEmailConfirm)
	if err != nil {
		return nil, err
	}
	taken, err := emailTaken(tx, token.Email, u.ID)
	if err != nil {
		return nil, err
	}
	if token.UserID.UUID != u.ID || taken {
		return nil, ErrNotFound
	}
	return token, nil
}

// ConfirmEmailChange spends the token on the change, and mails a link to undo
// it to the old address.
func (u *User) ConfirmEmailChange(ctx context.Context, rawToken string, from Origin) error {
	err := announcing(ctx, func(tx *pop.Connection) error {
		u, err := lockUser(tx, toChange, "id = ?", u.ID)
		if err != nil {
			return err
		}
		token, err := u.findEmailChange(tx, rawToken)
		if err != nil {
			return err
		}
		if err := token.spend(tx); err != nil {
			return err
		}
		old := u.Email
		if err := u.storeEmail(tx, token.Email); err != nil {
			return err
		}
		if err := u.record(tx, ActivityEmail, from); err != nil {
			return err
		}
		subject, err := uuid.NewV4() // each change can be undone, so none takes another's place
		if err != nil {
			return fmt.Errorf("issuing a token: %w", err)
		}
		undo, err := Token{Purpose: PurposeEmailUndo, Subject: subject.String(), Email: old, UserID: u.nullID()}.issue(tx, EmailUndoLifetime)
		if err != nil {
			return err
		}
		return queueMail(tx, Mail{Recipient: old, Template: MailEmailChanged, Language: u.Language}, from, undo, u.Email)
	})
	return notFoundIfTaken(err)
}

// storeEmail gives the account another address, or returns ErrEmailTaken. Links
// to set a password are void for good, should the old address come back.
func (u *User) storeEmail(tx *pop.Connection, email string) error {
	err := tx.RawQuery("DELETE FROM tokens WHERE purpose = ? AND subject IN (?, ?)", PurposeReset, u.Email, email).Exec()
	if err != nil {
		return fmt.Errorf("voiding tokens: %w", err)
	}
	u.Email = email
	if err := tx.UpdateColumns(u, "email", "updated_at"); isDuplicate(err) {
		return ErrEmailTaken
	} else if err != nil {
		return fmt.Errorf("storing an address: %w", err)
	}
	return nil
}

// notFoundIfTaken is what the visitor of a link is told of an address that
// somebody else took in the same moment: that the link is no good.
func notFoundIfTaken(err error) error {
	if errors.Is(err, ErrEmailTaken) {
		return ErrNotFound
	}
	return err
}

// FindEmailUndo returns the address that an undo link would give back, or
// ErrNotFound. It does not spend the token.
func FindEmailUndo(ctx context.Context, rawToken string) (oldEmail string, err error) {
	token, err := findToken(DB.WithContext(ctx), rawToken, PurposeEmailUndo)
	if err != nil {
		return "", err
	}
	return token.Email, nil
}

// UndoEmailChange gives the account back to the old address: whoever changed
// it may know the password, so password, sessions, tokens and devices are void,
// and a link to set a new password is mailed.
func UndoEmailChange(ctx context.Context, rawToken string, from Origin) error {
	err := announcing(ctx, func(tx *pop.Connection) error {
		token, err := findToken(tx, rawToken, PurposeEmailUndo)
		if err != nil {
			return err
		}
		user, err := lockUser(tx, toChange, "id = ?", token.UserID.UUID)
		if err != nil {
			return err
		}
		if err := token.spend(tx); err != nil {
			return err
		}
		// Older links stay: an attacker may have changed the address twice.
		if err := tx.RawQuery("DELETE FROM tokens WHERE user_id = ? AND purpose = ? AND created_at >= ?",
			user.ID, PurposeEmailUndo, token.CreatedAt).Exec(); err != nil {
			return fmt.Errorf("voiding younger links: %w", err)
		}
		if err := user.storeEmail(tx, token.Email); err != nil {
			return err
		}
		if err := user.storePassword(tx, ""); err != nil {
			return err
		}
		if err := user.forgetDevices(tx); err != nil {
			return err
		}
		if err := user.record(tx, ActivityEmailUndone, from); err != nil {
			return err
		}
		reset, err := Token{Purpose: PurposeReset, Subject: user.Email, Email: user.Email}.issue(tx, ResetLifetime)
		if err != nil {
			return err
		}
		return queueMail(tx, Mail{Recipient: user.Email, Template: MailReset, Language: user.Language}, from, reset)
	})
	return notFoundIfTaken(err)
}
