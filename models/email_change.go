package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
)

// RequestEmailChange mails a link to the new email and a notice to the old one, which has a
// limit of its own: prevents a flood by requests for many emails. It returns *RateLimited.
func (u *User) RequestEmailChange(ctx context.Context, newEmail string, client Client) error {
	return requestMail(ctx, MailEmailConfirm, client, newEmail, func(tx *pop.Connection) error {
		if err := u.lock(tx, changeLock); err != nil {
			return err
		}
		if err := u.record(tx, ActivityEmailRequested, client); err != nil {
			return err
		}
		confirm := Token{Purpose: PurposeEmailConfirm, Subject: u.ID.String(), Email: newEmail, UserID: u.nullID()}
		if err := mailLink(tx, confirm, MailEmailConfirm, u.Language, client); err != nil {
			return err
		}
		return limitMail(tx, MailEmailRequested, u.Email, func(tx *pop.Connection) error {
			return u.mailNotice(tx, MailEmailRequested, client, newEmail)
		})
	})
}

// OtherAccountError means that a mailed link works, but for another account.
type OtherAccountError struct {
	Email   string // the mail's recipient
	Changes bool   // the account asked to change its email to this one; the recipient may be a stranger
}

func (e *OtherAccountError) Error() string { return "a link of another account" }

// FindEmailChange returns a token for a new email, or ErrNotFound, or *OtherAccountError.
func (u *User) FindEmailChange(ctx context.Context, rawToken string) (*Token, error) {
	return u.findEmailChange(DB.WithContext(ctx), rawToken)
}

// findToken returns a token of the account, or ErrNotFound, or *OtherAccountError.
func (u *User) findToken(tx *pop.Connection, rawToken, purpose string) (*Token, error) {
	token, err := tokens.Find(tx, rawToken, purpose)
	if err == nil && token.UserID.UUID != u.ID { // a mistyped email must not take over another account
		err = &OtherAccountError{token.Email, purpose == PurposeEmailConfirm}
	}
	return token, err
}

func (u *User) findEmailChange(tx *pop.Connection, rawToken string) (*Token, error) {
	token, err := u.findToken(tx, rawToken, PurposeEmailConfirm)
	if err != nil {
		return nil, err
	}
	taken, err := emailTaken(tx, token.Email, u.ID)
	if taken {
		err = ErrNotFound
	}
	return token, err
}

// ConfirmEmailChange redeems the token, changes the email and mails an undo link
// to the old one. It returns the errors of FindEmailChange.
func (u *User) ConfirmEmailChange(ctx context.Context, rawToken string, client Client) error {
	err := u.change(ctx, func(tx *pop.Connection) error {
		token, err := u.findEmailChange(tx, rawToken)
		if err != nil {
			return err
		}
		if err := tokens.Redeem(tx, token); err != nil {
			return err
		}
		old := u.Email
		if err := u.storeEmail(tx, token.Email); err != nil {
			return err
		}
		return u.mailChange(tx, ActivityEmail, MailEmailChanged, old, client)
	})
	return replace(err, ErrEmailTaken, ErrNotFound) // another account just took it
}

// storeEmail changes the email, or returns ErrEmailTaken. It deletes the reset tokens of both
// emails, with the counts of their mails: otherwise tokens of the old email would work again
// after a change back.
func (u *User) storeEmail(tx *pop.Connection, email string) error {
	cleared := errors.Join(clearMails(tx, MailReset, u.Email), clearMails(tx, MailReset, email))
	_, err := exec(tx, "voiding tokens", "DELETE FROM tokens WHERE purpose IN (?, ?) AND subject IN (?, ?) AND redeemed = ?",
		PurposeReset, PurposeInvite, u.Email, email, false)
	if err = errors.Join(cleared, err); err != nil {
		return err
	}
	u.Email = email
	err = tx.UpdateColumns(u, "email", "deleted_at", "updated_at")
	if database.IsDuplicate(err, "users", "email") {
		return ErrEmailTaken
	}
	return wrap("storing an email", err)
}
