package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/recovery"
)

// RecoveryCode is a code of a set. It passes the second step once.
type RecoveryCode struct {
	ID       uuid.UUID  `db:"id"`
	FactorID uuid.UUID  `db:"factor_id"` // of the set
	Digest   []byte     `db:"digest" json:"-"`
	UsedAt   nulls.Time `db:"used_at"`
}

const (
	recoveryCodes = 10
	fewCodes      = 3 // when so many are left, the owner is told
)

// RecoveryCodesLeft returns how many codes of the account were not used yet.
func (u *User) RecoveryCodesLeft(ctx context.Context) (int, error) {
	tx := DB.WithContext(ctx)
	set, err := u.factor(tx, FactorCodes)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return set.codesLeft(tx)
}

func (f *Factor) codesLeft(tx *pop.Connection) (int, error) {
	left, err := tx.Where("factor_id = ? AND used_at IS NULL", f.ID).Count(&RecoveryCode{})
	return left, wrap("counting recovery codes", err)
}

// MakeRecoveryCodes returns new recovery codes and voids the old ones. It returns
// ErrRefused while the second step is off, and ErrBadCredentials as lock does.
func (u *User) MakeRecoveryCodes(ctx context.Context, client Client) (codes []string, err error) {
	err = announcing(ctx, func(tx *pop.Connection) error {
		if err := u.lock(tx, toChange); err != nil {
			return err
		}
		if !u.SecondStep {
			return ErrRefused
		}
		var number int
		if codes, number, err = u.replaceCodes(tx, client); err != nil {
			return err
		}
		return u.mailNotMe(tx, number, MailCodesAdded, u.Email, client)
	})
	return codes, err
}

// replaceCodes stores a new set and removes the old one. The new one is the first
// change: the mail's link undoes both.
func (u *User) replaceCodes(tx *pop.Connection, client Client) (codes []string, number int, err error) {
	old, err := u.factor(tx, FactorCodes)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, 0, err
	}
	set := &Factor{Kind: FactorCodes, Data: []byte{}}
	if number, err = u.storeFactor(tx, set, client); err != nil {
		return nil, 0, err
	}
	for range recoveryCodes {
		code := recovery.New()
		codes = append(codes, code)
		if err := tx.Create(&RecoveryCode{ID: newID(), FactorID: set.ID, Digest: recovery.Digest(code)}); err != nil {
			return nil, 0, fmt.Errorf("storing a recovery code: %w", err)
		}
	}
	if old != nil {
		_, err = u.voidFactor(tx, old, client)
	}
	return codes, number, err
}

// voidCodes removes the set of codes, if there is one.
func (u *User) voidCodes(tx *pop.Connection, client Client) error {
	set, err := u.factor(tx, FactorCodes)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil {
		_, err = u.voidFactor(tx, set, client)
	}
	return err
}

// redeemRecoveryCode uses a code up, and mails the owner.
func (u *User) redeemRecoveryCode(tx *pop.Connection, typed string, client Client) (*Factor, error) {
	set, err := u.factor(tx, FactorCodes)
	if err != nil {
		return nil, badCodeIfNone(err)
	}
	used, err := tx.RawQuery("UPDATE recovery_codes SET used_at = ? WHERE factor_id = ? AND digest = ? AND used_at IS NULL",
		Clock.Now(), set.ID, recovery.Digest(typed)).ExecWithCount()
	if err != nil {
		return nil, fmt.Errorf("using a recovery code: %w", err)
	}
	if used == 0 {
		return nil, ErrBadCode
	}
	if err := errors.Join(u.record(tx, ActivityCodeUsed, client), u.mailNotice(tx, MailCodeUsed, client)); err != nil {
		return nil, err
	}
	left, err := set.codesLeft(tx)
	if err != nil || left != fewCodes {
		return set, err
	}
	return set, u.mailNotice(tx, MailCodesLow, client)
}
