package models

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"

	"corral/internal/outbox"
)

// UndoDelay is how long the owner may stop the undo of a factor's change.
const UndoDelay = 24 * time.Hour

// NotMe is what the page of a "this wasn't me" link shows: no current values, since
// the mailbox may be another's by now.
type NotMe struct {
	Email string   // where the link was mailed
	What  string   // kind of the change that the mail was about, or ""
	Kinds []string // of the changes that will be undone, newest first
	Waits bool     // changes of factors are undone a day later
}

// FindNotMe returns what a "this wasn't me" link does, or ErrNotFound. It does not
// redeem the token.
func FindNotMe(ctx context.Context, rawToken string) (*NotMe, error) {
	tx := DB.WithContext(ctx)
	token, err := tokens.Find(tx, rawToken, PurposeUndo)
	if err != nil {
		return nil, err
	}
	user, err := findUser(tx, "id = ?", token.UserID.UUID)
	if err != nil {
		return nil, err
	}
	list, err := user.journal(tx).Since(token.Number)
	if err != nil {
		return nil, err
	}
	found := &NotMe{Email: token.Email}
	for _, c := range list {
		found.Kinds = append(found.Kinds, c.Kind)
		found.Waits = found.Waits || user.SecondStep && c.Item.Valid
		if c.Number == token.Number {
			found.What = c.Kind
		}
	}
	return found, nil
}

// Undo redeems a "this wasn't me" link: it undoes its change and all later ones,
// deletion too, and mails a reset link. The attacker may know the password: it
// becomes void, as do sessions, tokens, device cookies and links to providers. With the
// second step on, factors change a day later: a mailbox alone must not move one. Both
// emails are told.
func Undo(ctx context.Context, rawToken string, client Client) error {
	err := announcing(ctx, func(tx *pop.Connection) error {
		token, err := tokens.Find(tx, rawToken, PurposeUndo)
		if err != nil {
			return err
		}
		user, err := lockUser(tx, toChange, "id = ?", token.UserID.UUID)
		if err != nil {
			return err
		}
		if err := tokens.Redeem(tx, token); err != nil {
			return err
		}
		// Links of older changes stay: an attacker may make two.
		if _, err := exec(tx, "voiding later links", "DELETE FROM tokens WHERE user_id = ? AND purpose = ? AND number >= ? AND redeemed = ?",
			user.ID, PurposeUndo, token.Number, false); err != nil {
			return err
		}
		lost := user.Email
		user.DeletedAt = nulls.Time{}
		if err := user.storeEmail(tx, token.Email); err != nil {
			return err
		}
		_, err = user.removeIdentities(tx, "") // all: the attacker may own the one and know the other
		if err := errors.Join(err, user.storePassword(tx, ""), deviceCookies.Void(tx, user.ID), user.undoChanges(tx, token.Number), user.record(tx, ActivityUndone, client)); err != nil {
			return err
		}
		for _, told := range slices.Compact([]string{lost, user.Email}) {
			if err := queueMail(tx, outbox.Mail{Recipient: told, Template: MailUndone, Language: user.Language}, client, ""); err != nil {
				return err
			}
		}
		return user.mailReset(tx, client)
	})
	return notFoundIfTaken(err)
}

func (u *User) mailReset(tx *pop.Connection, client Client) error {
	return mailLink(tx, Token{Purpose: PurposeReset, Subject: u.Email, Email: u.Email}, MailReset, u.Language, client)
}

func (u *User) undoChanges(tx *pop.Connection, number int) error {
	delay := time.Duration(0)
	if u.SecondStep {
		delay = UndoDelay
	}
	changed, err := u.journal(tx).Undo(number, delay)
	if err != nil || !changed {
		return err
	}
	return u.undone(tx)
}
