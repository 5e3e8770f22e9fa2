package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/outbox"
)

// Change is a reversible change of an account. The numbers of an account start
// at 1; clocks of several nodes would not order its changes. The list is
// append-only: an undo changes the account only.
type Change struct {
	ID        uuid.UUID `db:"id"`
	UserID    uuid.UUID `db:"user_id"`
	Number    int       `db:"number"`
	Kind      string    `db:"kind"`
	CreatedAt time.Time `db:"created_at"`
}

// The kinds of changes.
const (
	ChangeEmail    = "email"
	ChangeDeletion = "deletion"
)

func (u *User) nullID() uuid.NullUUID { return uuid.NullUUID{UUID: u.ID, Valid: true} }

// mailUndo lists a change of the locked account. It mails a link that undoes it,
// and all later ones, to the email that the account had before.
func (u *User) mailUndo(tx *pop.Connection, kind, template, old string, client Client) error {
	var number []int
	err := tx.RawQuery(`
		INSERT INTO changes (id, user_id, number, kind, created_at)
		SELECT ?, ?, COALESCE(MAX(number), 0) + 1, ?, ? FROM changes WHERE user_id = ?
		RETURNING number`, newID(), u.ID, kind, Clock.Now(), u.ID).All(&number)
	if err != nil {
		return fmt.Errorf("listing a change: %w", err)
	}
	// A subject of its own: redeeming the link must not end those of older changes.
	undo := Token{Purpose: PurposeUndo, Subject: newID().String(), Number: number[0], Email: old, UserID: u.nullID()}
	return mailLink(tx, undo, template, u.Language, client, u.Email)
}

// FindUndo returns the email that an undo token gives the account back, or
// ErrNotFound. It does not redeem the token.
func FindUndo(ctx context.Context, rawToken string) (email string, err error) {
	token, err := tokens.Find(DB.WithContext(ctx), rawToken, PurposeUndo)
	if err != nil {
		return "", err
	}
	return token.Email, nil
}

// Undo redeems an undo token: it undoes the change and all later ones, deletion
// too, and mails a reset link. The attacker may know the password: it becomes void,
// as do sessions, tokens and device cookies. Both emails are told.
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
		if err := errors.Join(user.storePassword(tx, ""), user.voidDeviceCookies(tx), user.record(tx, ActivityUndone, client)); err != nil {
			return err
		}
		for _, told := range slices.Compact([]string{lost, user.Email}) {
			if err := queueMail(tx, outbox.Mail{Recipient: told, Template: MailUndone, Language: user.Language}, client, ""); err != nil {
				return err
			}
		}
		return mailLink(tx, Token{Purpose: PurposeReset, Subject: user.Email, Email: user.Email}, MailReset, user.Language, client)
	})
	return notFoundIfTaken(err)
}
