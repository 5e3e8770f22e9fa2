package models

import (
	"context"
	"errors"
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/config"
	"corral/internal/oidc"
	"corral/internal/oidc/identities"
)

// Identity is an account at a provider that logs in to an account here. A removed identity
// is kept, out of use, for RemovedFactorLifetime: no other account may take it meanwhile.
type Identity = identities.Identity

// ErrIdentityTaken means that the identity is another account's.
var ErrIdentityTaken = identities.ErrTaken

// IdentitiesOf returns the identities of an account that are in use, oldest first.
func IdentitiesOf(ctx context.Context, user *User) (identities.List, error) {
	return identities.Of(DB.WithContext(ctx), user.ID)
}

// hasIdentity reports whether the account can log in with a provider. A provider that is
// no longer configured does not count.
func (u *User) hasIdentity(tx *pop.Connection) (bool, error) {
	list, err := identities.Of(tx, u.ID)
	return slices.ContainsFunc(list, func(i Identity) bool {
		return slices.ContainsFunc(settings.Providers, func(p config.Provider) bool { return p.Issuer.String() == i.Issuer })
	}), err
}

// AddIdentity adds an identity to the account, and mails the owner. It returns ErrIdentityTaken.
func (u *User) AddIdentity(ctx context.Context, claimed oidc.Identity, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error { return u.addIdentity(tx, claimed, client) })
}

func (u *User) addIdentity(tx *pop.Connection, claimed oidc.Identity, client Client) error {
	if added, err := identities.Add(tx, u.ID, claimed, Clock.Now()); err != nil || !added {
		return err
	}
	return errors.Join(u.raiseVersion(tx), u.mailChange(tx, ActivityIdentityAdded, MailIdentityAdded, u.Email, client))
}

// RemoveIdentity removes the account's identities of an issuer, and mails the owner. It returns
// ErrNotFound if there are none, and ErrRefused if no way in would remain.
func (u *User) RemoveIdentity(ctx context.Context, issuer string, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		if err := atLeastOne(identities.Remove(tx, u.ID, issuer, Clock.Now())); err != nil {
			return err
		}
		if err := u.requireWayInWithout(tx, uuid.Nil); err != nil {
			return err
		}
		return errors.Join(u.raiseVersion(tx), u.mailChange(tx, ActivityIdentityRemoved, MailIdentityRemoved, u.Email, client))
	})
}

func (u *User) removeAllIdentities(tx *pop.Connection) (int, error) {
	return identities.RemoveAll(tx, u.ID, Clock.Now())
}
