package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/totp"
)

// HasTOTP reports whether the account has a TOTP secret.
func (u *User) HasTOTP(ctx context.Context) (bool, error) {
	f, err := u.factor(DB.WithContext(ctx), FactorTOTP)
	return f != nil, err
}

// SetTOTP stores a key, of which the user typed a code, and turns the second step
// on. If it was off, it returns new recovery codes. It returns ErrBadCode,
// ErrRefused if the account has a key, and ErrBadCredentials as lock does.
func (u *User) SetTOTP(ctx context.Context, key []byte, typed string, client Client) (codes []string, err error) {
	step, ok := totp.Match(key, typed, Clock.Now())
	if !ok {
		return nil, ErrBadCode
	}
	err = u.change(ctx, func(tx *pop.Connection) error {
		if f, err := u.factor(tx, FactorTOTP); err != nil || f != nil {
			return cmp.Or(err, ErrRefused)
		}
		f := &Factor{Kind: FactorTOTP, Data: secrets.Seal(u.purposeOfTOTP(), key), LastStep: step}
		number, err := u.storeFactor(tx, f, client)
		if err == nil && !u.SecondStep {
			codes, _, err = u.turnSecondStep(tx, true, client)
		}
		return errors.Join(err, u.mailNotMe(tx, number, MailTOTPAdded, u.Email, client))
	})
	return codes, err
}

// RemoveTOTP removes the TOTP secret. It returns ErrNotFound without one, ErrRefused
// if no way in would remain, and ErrBadCredentials as lock does.
func (u *User) RemoveTOTP(ctx context.Context, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		f, err := u.factor(tx, FactorTOTP)
		if err != nil || f == nil {
			return cmp.Or(err, ErrNotFound)
		}
		if err := u.keepAWayInWithout(tx, f.ID); err != nil {
			return err
		}
		return u.removeFactor(tx, f, client)
	})
}

// redeemTOTP accepts a code of the account's TOTP secret. One statement compares
// and stores its step: prevents replay, also on another node.
func (u *User) redeemTOTP(tx *pop.Connection, typed string) (*Factor, error) {
	f, err := u.factor(tx, FactorTOTP)
	if err != nil || f == nil {
		return nil, cmp.Or(err, ErrBadCode)
	}
	key, err := secrets.Open(u.purposeOfTOTP(), f.Data)
	if err != nil { // recovery codes still work
		slog.ErrorContext(tx.Context(), "a TOTP secret cannot be opened", "error", err)
	}
	step, ok := totp.Match(key, typed, Clock.Now()) // never of no key
	if !ok {
		return nil, ErrBadCode
	}
	// Sealed again: an older secret of the operator may be retired some day.
	accepted, err := tx.RawQuery("UPDATE factors SET last_step = ?, data = ? WHERE id = ? AND last_step < ?",
		step, secrets.Seal(u.purposeOfTOTP(), key), f.ID, step).ExecWithCount()
	if err != nil {
		return nil, fmt.Errorf("redeeming a code: %w", err)
	}
	if accepted == 0 {
		return nil, ErrBadCode
	}
	return f, nil
}

// purposeOfTOTP seals a key for its account: it is of no use in another's row.
func (u *User) purposeOfTOTP() string { return "totp of " + u.ID.String() }
