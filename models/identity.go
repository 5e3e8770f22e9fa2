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

	"corral/config"
	"corral/internal/database"
	"corral/internal/email"
	"corral/internal/oidc"
)

// Identity is an account at a provider that logs in to one here. A removed one is kept,
// out of use, while a mailed link may undo that, so that nobody else takes it.
type Identity struct {
	ID         uuid.UUID  `db:"id"`
	UserID     uuid.UUID  `db:"user_id"`
	Issuer     string     `db:"issuer"`
	Subject    string     `db:"subject"`
	Email      string     `db:"email"`      // normalized, or ""; the claim when it was linked, never read again
	CreatedAt  time.Time  `db:"created_at"` // or linked again
	LastUsedAt nulls.Time `db:"last_used_at"`
	RemovedAt  nulls.Time `db:"removed_at"`
}

// ErrIdentityTaken means that the identity is another account's.
var ErrIdentityTaken = errors.New("the identity belongs to another account")

// IdentitiesOf returns the identities of an account that are in use, oldest first.
func IdentitiesOf(ctx context.Context, user *User) ([]Identity, error) {
	return identitiesOf(DB.WithContext(ctx), user)
}

func identitiesOf(tx *pop.Connection, user *User) (list []Identity, err error) {
	err = tx.Where("user_id = ? AND removed_at IS NULL", user.ID).Order("id").All(&list)
	return list, wrap("listing identities", err)
}

// hasIdentity reports whether the account can log in with a provider. One that is no
// longer configured is no way in.
func (u *User) hasIdentity(tx *pop.Connection) (bool, error) {
	list, err := identitiesOf(tx, u)
	return slices.ContainsFunc(list, func(i Identity) bool {
		return slices.ContainsFunc(settings.Providers, func(p config.Provider) bool { return p.Issuer.String() == i.Issuer })
	}), err
}

// Link links an identity, and mails the owner. It returns ErrIdentityTaken, and
// ErrBadCredentials as lock does.
func (u *User) Link(ctx context.Context, claimed oidc.Identity, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error { return u.link(tx, claimed, client) })
}

func (u *User) link(tx *pop.Connection, claimed oidc.Identity, client Client) error {
	if linked, err := u.storeIdentity(tx, claimed); err != nil || !linked {
		return err
	}
	return errors.Join(u.raiseVersion(tx), u.mailChange(tx, ActivityIdentityAdded, MailIdentityAdded, u.Email, client))
}

// storeIdentity reports whether the identity was not the locked account's already. A
// removed one of the account comes back into use.
func (u *User) storeIdentity(tx *pop.Connection, claimed oidc.Identity) (linked bool, err error) {
	var found []Identity
	if err := tx.Where("issuer = ? AND subject = ?", claimed.Issuer, claimed.Subject).All(&found); err != nil {
		return false, fmt.Errorf("finding an identity: %w", err)
	}
	claim, _ := email.Normalize(claimed.Email)
	i := Identity{ID: newID(), UserID: u.ID, Issuer: claimed.Issuer, Subject: claimed.Subject, Email: claim, CreatedAt: Clock.Now()}
	switch {
	case len(found) == 0:
		err = tx.Create(&i)
	case found[0].UserID != u.ID:
		return false, ErrIdentityTaken
	case !found[0].RemovedAt.Valid:
		return false, nil
	default:
		i.ID = found[0].ID
		err = tx.UpdateColumns(&i, "email", "created_at", "last_used_at", "removed_at")
	}
	if database.IsDuplicate(err) { // linked by another account meanwhile
		err = ErrIdentityTaken
	}
	return true, wrap("storing an identity", err)
}

// Unlink removes the account's identities of an issuer, and mails the owner. It returns
// ErrNotFound without one, ErrRefused if no way in would remain, and ErrBadCredentials
// as lock does.
func (u *User) Unlink(ctx context.Context, issuer string, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		if err := atLeastOne(u.removeIdentities(tx, "issuer = ?", issuer)); err != nil {
			return err
		}
		if err := u.keepAWayInWithout(tx, uuid.Nil); err != nil {
			return err
		}
		return errors.Join(u.raiseVersion(tx), u.mailChange(tx, ActivityIdentityRemoved, MailIdentityRemoved, u.Email, client))
	})
}

func (u *User) removeIdentities(tx *pop.Connection, which string, args ...any) (int, error) {
	removed, err := tx.RawQuery("UPDATE identities SET removed_at = ? WHERE user_id = ? AND removed_at IS NULL AND ("+which+")",
		append([]any{Clock.Now(), u.ID}, args...)...).ExecWithCount()
	return removed, wrap("removing identities", err)
}
