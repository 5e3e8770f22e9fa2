package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/outbox"
)

// Purposes and lifetimes of the tokens of an email change.
const (
	PurposeEmailConfirm = "email_confirm"
	PurposeEmailUndo    = "email_undo"

	EmailConfirmLifetime = 24 * time.Hour
	EmailUndoLifetime    = 7 * 24 * time.Hour // the old email is reserved as long
)

// RequestEmailChange mails a link to the new email and a notice to the old one.
// It returns *RateLimited.
func (u *User) RequestEmailChange(ctx context.Context, newEmail string, client Client) error {
	return requestMail(ctx, emailChangesPerEmail, client, newEmail, func(tx *pop.Connection) error {
		if err := u.lock(tx, toChange); err != nil {
			return err
		}
		token := Token{Purpose: PurposeEmailConfirm, Subject: u.ID.String(), Email: newEmail, UserID: u.nullID()}
		rawToken, err := token.issue(tx, EmailConfirmLifetime)
		if err != nil {
			return err
		}
		if err := u.record(tx, ActivityEmailRequested, client); err != nil {
			return err
		}
		if err := queueMail(tx, outbox.Mail{Recipient: newEmail, Template: MailEmailConfirm, Language: u.Language}, client, rawToken); err != nil {
			return err
		}
		return queueMail(tx, outbox.Mail{Recipient: u.Email, Template: MailEmailRequested, Language: u.Language}, client, "", newEmail)
	})
}

func (u *User) nullID() uuid.NullUUID { return uuid.NullUUID{UUID: u.ID, Valid: true} }

// FindEmailChange returns the new email of a token, or ErrNotFound. It does not
// redeem the token.
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
	if token.UserID.UUID != u.ID || taken { // a mistyped email must not take over another account
		return nil, ErrNotFound
	}
	return token, nil
}

// ConfirmEmailChange redeems the token, changes the email and mails an undo link
// to the old one.
func (u *User) ConfirmEmailChange(ctx context.Context, rawToken string, client Client) error {
	err := announcing(ctx, func(tx *pop.Connection) error {
		u, err := lockUser(tx, toChange, "id = ?", u.ID)
		if err != nil {
			return err
		}
		token, err := u.findEmailChange(tx, rawToken)
		if err != nil {
			return err
		}
		if err := token.redeem(tx); err != nil {
			return err
		}
		old := u.Email
		if err := u.storeEmail(tx, token.Email); err != nil {
			return err
		}
		if err := u.record(tx, ActivityEmail, client); err != nil {
			return err
		}
		subject, err := uuid.NewV4() // unique: issue must not replace the token of another change
		if err != nil {
			return fmt.Errorf("issuing a token: %w", err)
		}
		undo, err := Token{Purpose: PurposeEmailUndo, Subject: subject.String(), Email: old, UserID: u.nullID()}.issue(tx, EmailUndoLifetime)
		if err != nil {
			return err
		}
		return queueMail(tx, outbox.Mail{Recipient: old, Template: MailEmailChanged, Language: u.Language}, client, undo, u.Email)
	})
	return notFoundIfTaken(err)
}

// storeEmail changes the email, or returns ErrEmailTaken. It deletes the reset
// tokens of both emails, which would work again if the old email came back.
func (u *User) storeEmail(tx *pop.Connection, email string) error {
	err := tx.RawQuery("DELETE FROM tokens WHERE purpose = ? AND subject IN (?, ?)", PurposeReset, u.Email, email).Exec()
	if err != nil {
		return fmt.Errorf("voiding tokens: %w", err)
	}
	u.Email = email
	if err := tx.UpdateColumns(u, "email", "updated_at"); database.IsDuplicate(err) {
		return ErrEmailTaken
	} else if err != nil {
		return fmt.Errorf("storing an email: %w", err)
	}
	return nil
}

// notFoundIfTaken makes a link void whose email another account has just taken.
func notFoundIfTaken(err error) error {
	if errors.Is(err, ErrEmailTaken) {
		return ErrNotFound
	}
	return err
}

// FindEmailUndo returns the old email of an undo token, or ErrNotFound. It does
// not redeem the token.
func FindEmailUndo(ctx context.Context, rawToken string) (oldEmail string, err error) {
	token, err := findToken(DB.WithContext(ctx), rawToken, PurposeEmailUndo)
	if err != nil {
		return "", err
	}
	return token.Email, nil
}

// UndoEmailChange gives the account its old email back and mails a reset link.
// The attacker may know the password: it becomes void, as do sessions, tokens
// and device cookies.
func UndoEmailChange(ctx context.Context, rawToken string, client Client) error {
	err := announcing(ctx, func(tx *pop.Connection) error {
		token, err := findToken(tx, rawToken, PurposeEmailUndo)
		if err != nil {
			return err
		}
		user, err := lockUser(tx, toChange, "id = ?", token.UserID.UUID)
		if err != nil {
			return err
		}
		if err := token.redeem(tx); err != nil {
			return err
		}
		// Older undo links stay: an attacker may change the email twice.
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
		if err := user.voidDeviceCookies(tx); err != nil {
			return err
		}
		if err := user.record(tx, ActivityEmailUndone, client); err != nil {
			return err
		}
		reset, err := Token{Purpose: PurposeReset, Subject: user.Email, Email: user.Email}.issue(tx, ResetLifetime)
		if err != nil {
			return err
		}
		return queueMail(tx, outbox.Mail{Recipient: user.Email, Template: MailReset, Language: user.Language}, client, reset)
	})
	return notFoundIfTaken(err)
}
