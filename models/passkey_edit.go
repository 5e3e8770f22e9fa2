package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/factor"
	"corral/internal/passkey"
)

// PasskeysOf returns the passkeys of an account that are in use, and the removed ones
// that can be restored, oldest first.
func PasskeysOf(ctx context.Context, user *User) (used, removed factor.List, err error) {
	tx := DB.WithContext(ctx)
	list, err := factor.Of(tx, user.ID)
	list = list.OfKind(FactorPasskey)
	undone, undoneErr := user.journal(tx).Undone(list.Removed().IDs())
	return list.InUse(), list.Restorable().Without(undone...), errors.Join(err, undoneErr)
}

// AddPasskey adds a passkey. The name must be normalized. If it is empty, the passkey has the
// name of the product that holds it, or else of the browser. AddPasskey returns
// passkey.ErrRefused, passkey.ErrExpired or *RateLimited.
func (u *User) AddPasskey(ctx context.Context, answer passkey.Answer, name, browser string, client Client) error {
	return attemptWithPasskey(ctx, client, func() error { return u.addPasskey(ctx, answer, name, browser, client) })
}

func (u *User) addPasskey(ctx context.Context, answer passkey.Answer, name, browser string, client Client) error {
	verified, err := passkeys.FinishRegistration(PasskeyNew, u.ID.String(), answer)
	if err != nil {
		return err
	}
	c := verified.Credential
	f := factor.NewPasskey(c, cmp.Or(name, c.SuggestedName(), browser, "Passkey"))
	return u.change(ctx, func(tx *pop.Connection) error {
		if err := verified.Redeem(tx, Clock.Now()); err != nil {
			return err
		}
		list, err := factor.Of(tx, u.ID)
		undone, undoneErr := u.journal(tx).Undone(list.Removed().IDs())
		if err := errors.Join(err, undoneErr, factor.DeletePasskey(tx, undone, c.ID)); err != nil { // an undone passkey may be added again
			return err
		}
		number, err := u.addFactor(tx, f, client)
		if database.IsDuplicate(err, "factors", "credential_id") { // an account must not take over the credential of another
			return fmt.Errorf("%w: its ID is taken", passkey.ErrRefused)
		}
		return errors.Join(err, u.mailNotMe(tx, number, MailPasskeyAdded, u.Email, client))
	})
}

// RenamePasskey returns ErrNotFound unless the passkey is the account's.
func (u *User) RenamePasskey(ctx context.Context, id, name string) error {
	return u.editPasskey(ctx, id, factor.List.InUse, func(tx *pop.Connection, f *Factor) error {
		return f.Rename(tx, name)
	})
}

// RemovePasskey returns ErrNotFound unless the passkey is the account's, and ErrRefused
// if it is the last way in.
func (u *User) RemovePasskey(ctx context.Context, id string, client Client) error {
	return u.editPasskey(ctx, id, factor.List.InUse, func(tx *pop.Connection, f *Factor) error {
		if err := u.requireWayInWithout(tx, f.ID); err != nil {
			return err
		}
		number, err := u.removeFactor(tx, f, client)
		return errors.Join(err, u.mailNotMe(tx, number, MailPasskeyRemoved, u.Email, client))
	})
}

// RestorePasskey restores a passkey, or returns ErrNotFound unless PasskeysOf returns it as removed.
func (u *User) RestorePasskey(ctx context.Context, id string, client Client) error {
	return u.editPasskey(ctx, id, factor.List.Restorable, func(tx *pop.Connection, f *Factor) error {
		if undone, err := u.journal(tx).Undone([]uuid.UUID{f.ID}); err != nil || len(undone) > 0 { // it may be an attacker's
			return cmp.Or(err, ErrNotFound)
		}
		if err := f.Restore(tx); err != nil {
			return err
		}
		number, err := u.addChange(tx, ActivityPasskeyRestored, f.NullID(), client)
		return errors.Join(err, u.mailNotMe(tx, number, MailPasskeyRestored, u.Email, client))
	})
}

// editPasskey locks the user's row, and runs edit with the passkey with the id, if editable keeps it.
func (u *User) editPasskey(ctx context.Context, id string, editable func(factor.List) factor.List, edit func(tx *pop.Connection, f *Factor) error) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		list, err := factor.Of(tx, u.ID)
		f := editable(list.OfKind(FactorPasskey)).ByID(uuid.FromStringOrNil(id))
		if err != nil || f == nil {
			return cmp.Or(err, ErrNotFound)
		}
		return edit(tx, f)
	})
}
