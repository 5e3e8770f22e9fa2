package models

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/outbox"
)

// Undo redeems a "this wasn't me" link: it undoes its change and all later ones,
// deletion too, and mails a reset link. The attacker may know the password: it
// becomes void, as do sessions, tokens, device cookies and links to providers. With the second step on,
// factors change a day later. Both emails are told.
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
		if err := tx.RawQuery("DELETE FROM tokens WHERE user_id = ? AND purpose = ? AND number >= ? AND redeemed = ?",
			user.ID, PurposeUndo, token.Number, false).Exec(); err != nil {
			return fmt.Errorf("voiding later links: %w", err)
		}
		lost := user.Email
		user.DeletedAt = nulls.Time{}
		if err := user.storeEmail(tx, token.Email); err != nil {
			return err
		}
		_, err = user.removeIdentities(tx, "TRUE") // all: the attacker may own the one and know the other
		if err := errors.Join(err, user.storePassword(tx, ""), user.voidDeviceCookies(tx), user.undoChanges(tx, token.Number), user.record(tx, ActivityUndone, client)); err != nil {
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

// undoChanges undoes the changes of the locked account from a number on: those of
// factors at once, or a day later if the second step is on: a mailbox alone must not
// move a factor.
func (u *User) undoChanges(tx *pop.Connection, number int) error {
	list, err := u.changesSince(tx, number)
	if err != nil {
		return err
	}
	parts := map[uuid.UUID]UndoPart{}
	for _, c := range list {
		if c.FactorID.Valid {
			parts[c.FactorID.UUID] = UndoPart{UserID: u.ID, Number: number, FactorID: c.FactorID.UUID}
		} else if err := u.markUndone(tx, number, c.FactorID); err != nil {
			return err
		}
	}
	if u.SecondStep {
		return u.scheduleUndo(tx, parts)
	}
	if err := u.dropUndoParts(tx, "number = 0 OR number >= ?", number); err != nil { // done now
		return err
	}
	_, err = u.apply(tx, slices.Collect(maps.Values(parts)))
	return err
}

// markUndone marks the changes of a factor from a number on, so that no later undo
// looks at them.
func (u *User) markUndone(tx *pop.Connection, number int, factorID uuid.NullUUID) error {
	query, args := "factor_id IS NULL", []any{true, u.ID, number}
	if factorID.Valid {
		query, args = "factor_id = ?", append(args, factorID.UUID)
	}
	return wrap("marking undone changes", tx.RawQuery("UPDATE changes SET undone = ? WHERE user_id = ? AND number >= ? AND "+query, args...).Exec())
}
