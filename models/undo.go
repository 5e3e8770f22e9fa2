package models

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// UndoDelay is how long the undo of a factor's change waits, so that the owner may stop it.
const UndoDelay = 24 * time.Hour

// NotMe is what the page of a "this wasn't me" link shows. It has no current values of the
// account: the mailbox may have a new owner.
type NotMe struct {
	UserID   uuid.UUID
	Email    string   // where the link was mailed
	Template string   // of the mail
	Kinds    []string // the kinds of the changes that will be undone, newest first
	Waits    bool     // changes of factors are undone a day later
}

// notRestored are the kinds of changes of what every undo voids.
var notRestored = []string{ActivityPassword, ActivityPasswordReset, ActivityPasswordRemoved, ActivityIdentityRemoved}

// FindNotMe returns what a "this wasn't me" link does, or ErrNotFound.
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
	template, _, _ := strings.Cut(token.Subject, ":") // as undoSubject joins it
	found := &NotMe{UserID: user.ID, Email: token.Email, Template: template}
	for _, c := range list {
		if !slices.Contains(notRestored, c.Kind) {
			found.Kinds = append(found.Kinds, c.Kind)
		}
		found.Waits = found.Waits || user.SecondStep && c.Item.Valid
	}
	return found, nil
}

// Undo redeems a "this wasn't me" link. It undoes the link's change and all later ones, also
// a deletion, and mails a reset link. The attacker may know the password: it becomes void, as
// do sessions, device cookies, identities and mailed links, except links that undo older
// changes. If the second step is on, factors change a day later: a mailbox alone must not
// change a factor. Both emails, the lost one and the restored one, get a mail.
func Undo(ctx context.Context, rawToken string, client Client) error {
	err := inTransactionWithMail(ctx, func(tx *pop.Connection) error {
		token, err := tokens.Find(tx, rawToken, PurposeUndo)
		if err != nil {
			return err
		}
		user, err := lockUser(tx, changeLock, "id = ?", token.UserID.UUID)
		if err != nil {
			return err
		}
		if err := tokens.Redeem(tx, token); err != nil {
			return err
		}
		// Links of older changes stay: the attacker may have made those changes, too.
		if _, err := exec(tx, "voiding later links", "DELETE FROM tokens WHERE user_id = ? AND purpose = ? AND number >= ? AND redeemed = ?",
			user.ID, PurposeUndo, token.Number, false); err != nil {
			return err
		}
		lost := user.Email
		user.DeletedAt = nulls.Time{}
		if err := user.storeEmail(tx, token.Email); err != nil {
			return err
		}
		_, err = user.removeAllIdentities(tx) // each may be the attacker's, or known to the attacker
		if err := errors.Join(err, user.storePassword(tx, ""), deviceCookies.Void(tx, user.ID), user.undoChanges(tx, token.Number), user.allowChanges(tx), user.record(tx, ActivityUndone, client)); err != nil {
			return err
		}
		for _, recipient := range slices.Compact([]string{lost, user.Email}) {
			if err := user.mail(tx, MailUndone, recipient, client); err != nil {
				return err
			}
		}
		return user.mailReset(tx, client)
	})
	return replace(err, ErrEmailTaken, ErrNotFound)
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
	return u.afterUndo(tx)
}
