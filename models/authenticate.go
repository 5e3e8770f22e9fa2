package models

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/gobuffalo/pop/v6"
)

// Credentials are what somebody shows to be let in, and where from.
type Credentials struct {
	Email    string // as typed
	Password string // as typed
	Client   netip.Addr
	Device   string // the raw token of the device cookie, or ""
}

// ErrBadCredentials says that the address or the password is wrong, never which.
var ErrBadCredentials = errors.New("bad credentials")

// Authenticate returns the account that the credentials open, or
// ErrBadCredentials, *Throttled or ErrBusy. Every call that is not throttled
// costs one hash, whether there is an account or not.
func Authenticate(ctx context.Context, try Credentials) (*User, error) {
	budget, err := try.budget(ctx)
	if err != nil {
		return nil, err
	}
	if err := budget.spend(ctx); err != nil {
		return nil, err
	}
	user, err := try.verify(ctx)
	if err != nil {
		return nil, err
	}
	return user, budget.restore(ctx)
}

func (try Credentials) verify(ctx context.Context) (*User, error) {
	user, err := findUserByTypedEmail(ctx, try.Email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	digest := absentDigest
	if user != nil && user.PasswordDigest != "" {
		digest = user.PasswordDigest
	}
	prepared, usable := preparePassword(try.Password)
	// Unknown address, unusable password or neither: one hash is computed all the same.
	match, outdated, err := verifyPassword(ctx, prepared, digest)
	if err != nil {
		return nil, err
	}
	if !match || !usable || user == nil {
		return nil, ErrBadCredentials
	}
	if outdated {
		return user, user.rehash(ctx, prepared)
	}
	return user, nil
}

// budget is what the tries of one credential are counted by: an address and a
// client, or a device that has signed in to this account before. A stranger
// who uses up the address's tries does not use up the device's.
type budget struct {
	device  string
	address string
	client  string
}

func (try Credentials) budget(ctx context.Context) (budget, error) {
	email, ok := NormalizeEmail(try.Email)
	if !ok {
		email = strings.ToLower(strings.TrimSpace(try.Email)) // no account, and counted as if there were one
	}
	known, err := IsKnownDevice(ctx, try.Device, email)
	if known {
		return budget{device: string(tokenDigest(try.Device))}, err
	}
	return budget{address: email, client: clientSubject(try.Client)}, err
}

// spend counts a try before it is made. One that is refused costs one look-up.
func (b budget) spend(ctx context.Context) error {
	if b.device != "" {
		return inTransaction(ctx, func(tx *pop.Connection) error { return loginsPerDevice.take(tx, b.device) })
	}
	if err := loginsPerAddress.check(DB.WithContext(ctx), b.address); err != nil {
		return err
	}
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if err := loginsPerClient.take(tx, b.client); err != nil {
			return err
		}
		return loginsPerAddress.take(tx, b.address)
	})
}

// restore gives back what a good try has spent.
func (b budget) restore(ctx context.Context) error {
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if b.device != "" {
			return loginsPerDevice.clear(tx, b.device)
		}
		if err := loginsPerClient.giveBack(tx, b.client); err != nil {
			return err
		}
		return loginsPerAddress.clear(tx, b.address)
	})
}
