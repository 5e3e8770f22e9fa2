package models

import (
	"context"
	"errors"
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/config"
	"corral/internal/oidc"
	"corral/internal/oidc/links"
)

// Identity is an account at a provider that logs in to an account here. A removed identity
// is kept, out of use, while a mailed link may restore it: no other account may take it.
type Identity = links.Link

// ErrIdentityTaken means that the identity is another account's.
var ErrIdentityTaken = links.ErrTaken

// IdentitiesOf returns the identities of an account that are in use, oldest first.
func IdentitiesOf(ctx context.Context, user *User) ([]Identity, error) {
	return links.Of(DB.WithContext(ctx), user.ID)
}

// hasIdentity reports whether the account can log in with a provider. A provider that is
// no longer configured does not count.
func (u *User) hasIdentity(tx *pop.Connection) (bool, error) {
	list, err := links.Of(tx, u.ID)
	return slices.ContainsFunc(list, func(i Identity) bool {
		return slices.ContainsFunc(settings.Providers, func(p config.Provider) bool { return p.Issuer.String() == i.Issuer })
	}), err
}

// Link links an identity to the account, and mails the owner. It returns ErrIdentityTaken,
// and ErrBadCredentials if the account changed meanwhile.
func (u *User) Link(ctx context.Context, claimed oidc.Identity, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error { return u.link(tx, claimed, client) })
}

func (u *User) link(tx *pop.Connection, claimed oidc.Identity, client Client) error {
	if linked, err := links.Add(tx, u.ID, claimed, Clock.Now()); err != nil || !linked {
		return err
	}
	return errors.Join(u.raiseVersion(tx), u.mailChange(tx, ActivityIdentityAdded, MailIdentityAdded, u.Email, client))
}

// Unlink removes the account's identities of an issuer, and mails the owner. It returns
// ErrNotFound without one, ErrRefused if no way in would remain, and ErrBadCredentials if
// the account changed meanwhile.
func (u *User) Unlink(ctx context.Context, issuer string, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		if err := atLeastOne(u.removeIdentities(tx, issuer)); err != nil {
			return err
		}
		if err := u.keepAWayInWithout(tx, uuid.Nil); err != nil {
			return err
		}
		return errors.Join(u.raiseVersion(tx), u.mailChange(tx, ActivityIdentityRemoved, MailIdentityRemoved, u.Email, client))
	})
}

func (u *User) removeIdentities(tx *pop.Connection, issuer string) (int, error) {
	return links.Remove(tx, u.ID, issuer, Clock.Now())
}
