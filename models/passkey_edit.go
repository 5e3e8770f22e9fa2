package models

import (
	"cmp"
	"context"
	"fmt"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/passkey"
)

// PasskeysOf returns the passkeys of an account that are in use, and the removed ones
// that can be taken back, oldest first.
func PasskeysOf(ctx context.Context, user *User) (used, removed []Factor, err error) {
	list, err := passkeysOf(ctx, user, true)
	for _, f := range list {
		if !f.RemovedAt.Valid {
			used = append(used, f)
		} else if f.RemovedNumber > 0 {
			removed = append(removed, f)
		}
	}
	return used, removed, err
}

// AddPasskey adds a passkey under a normalized name; "" is that of the product that
// holds it, or else of the browser. It returns passkey.ErrRefused or ErrExpired, and
// ErrBadCredentials as lock does.
func (u *User) AddPasskey(ctx context.Context, answer passkey.Answer, name, browser string, client Client) error {
	verified, err := passkeys.FinishRegistration(PasskeyNew, u.ID.String(), answer)
	if err != nil {
		return err
	}
	c := verified.Credential
	f := &Factor{Kind: FactorPasskey, Name: cmp.Or(name, c.SuggestedName(), browser, "Passkey"), CredentialID: c.ID, Data: c.Encode()}
	return u.change(ctx, func(tx *pop.Connection) error {
		if err := verified.Redeem(tx, Clock.Now()); err != nil {
			return err
		}
		err := u.addFactor(tx, f, client)
		if database.IsDuplicate(err) { // an account must not take over the credential of another
			return fmt.Errorf("%w: its ID is taken", passkey.ErrRefused)
		}
		return err
	})
}

// RenamePasskey returns ErrNotFound unless the passkey is the account's.
func (u *User) RenamePasskey(ctx context.Context, id, name string) error {
	return u.editPasskey(ctx, id, false, func(tx *pop.Connection, f *Factor) error {
		f.Name = name
		return tx.UpdateColumns(f, "name")
	})
}

// RemovePasskey returns ErrNotFound unless the passkey is the account's, ErrRefused
// if it is the last way in, and ErrBadCredentials as lock does.
func (u *User) RemovePasskey(ctx context.Context, id string, client Client) error {
	return u.editPasskey(ctx, id, false, func(tx *pop.Connection, f *Factor) error {
		if err := u.keepAWayInWithout(tx, f.ID); err != nil {
			return err
		}
		return u.removeFactor(tx, f, client)
	})
}

// RestorePasskey takes a removed passkey back into use. It returns ErrNotFound unless
// it is kept, or if its addition was undone, and ErrBadCredentials as lock does.
func (u *User) RestorePasskey(ctx context.Context, id string, client Client) error {
	return u.editPasskey(ctx, id, true, func(tx *pop.Connection, f *Factor) error {
		if f.RemovedNumber == 0 {
			return ErrNotFound
		}
		f.RemovedAt = nulls.Time{}
		if err := tx.UpdateColumns(f, "removed_at"); err != nil {
			return err
		}
		number, err := u.changeFactor(tx, ChangePasskeyRestored, f.nullID(), client)
		if err != nil {
			return err
		}
		return u.mailNotMe(tx, number, MailPasskeyRestored, u.Email, client)
	})
}

// editPasskey finds a passkey of the account, in use or removed, under the lock.
func (u *User) editPasskey(ctx context.Context, id string, removed bool, edit func(tx *pop.Connection, f *Factor) error) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		var found []Factor
		err := tx.Where("id = ? AND user_id = ? AND kind = ?", uuid.FromStringOrNil(id), u.ID, FactorPasskey).All(&found)
		if err != nil {
			return fmt.Errorf("finding a passkey: %w", err)
		}
		if len(found) == 0 || found[0].RemovedAt.Valid != removed {
			return ErrNotFound
		}
		return edit(tx, &found[0])
	})
}
