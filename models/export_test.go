package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"
	"github.com/gobuffalo/suite/v4"

	"corral/internal/password"
	"corral/internal/secret"
	"corral/internal/undo"
)

// ModelSuite is for the tests that `buffalo generate` writes, in this package.
// Package models_test has a ModelSuite of its own.
type ModelSuite struct{ *suite.Model }

// Authenticate makes an attempt. A success starts no session, and records no activity.
func Authenticate(ctx context.Context, with Credentials) (*User, error) {
	return with.use(ctx, ActivityLoginFailed, func(*pop.Connection, *User) (kind string, err error) { return "", nil })
}

// HoldHashing runs fn while every hash has to wait.
func HoldHashing(fn func()) { hashWith(new(password.Hasher), fn) }

// HashWaits reports whether a hash waits for a core.
func HashWaits() bool { return hasher.Waiting() }

// RealHashing runs fn with hashes that cost as much as in production.
func RealHashing(fn func()) { hashWith(password.NewHasher(), fn) }

func hashWith(other *password.Hasher, fn func()) {
	usual := hasher
	hasher = other
	defer func() { hasher = usual }()
	fn()
}

// AddFactor, RemoveFactor and SetSecondStep change an account without the checks of the exported methods.
func AddFactor(ctx context.Context, email, kind string) (f *Factor, err error) {
	f = &Factor{Kind: kind, Data: []byte("data")}
	return f, changing(ctx, email, func(tx *pop.Connection, u *User) error {
		if kind == FactorTOTP {
			f.Data = secrets.Seal("totp of "+u.ID.String(), f.Data)
		}
		number, err := u.addFactor(tx, f, Client{})
		return errors.Join(err, u.mailNotMe(tx, number, kind+undo.Added, u.Email, Client{}))
	})
}

func RemoveFactor(ctx context.Context, email string, f *Factor) error {
	return changing(ctx, email, func(tx *pop.Connection, u *User) error {
		number, err := u.removeFactor(tx, f, Client{})
		return errors.Join(err, u.mailNotMe(tx, number, f.Kind+undo.Removed, u.Email, Client{}))
	})
}

func SetSecondStep(ctx context.Context, email string, on bool) error {
	return changing(ctx, email, func(tx *pop.Connection, u *User) error {
		number, err := u.addChange(tx, secondStepKind[on], theSwitch, Client{})
		return errors.Join(u.storeSecondStep(tx, on), err, u.mailNotMe(tx, number, secondStepKind[on], u.Email, Client{}))
	})
}

// EndLinks does what EndLinksByPasskey does after the check of the factor.
func EndLinks(ctx context.Context, user *User, id string, f *Factor, client Client) error {
	return user.change(ctx, func(tx *pop.Connection) error { return user.endLinks(tx, id, f, client) })
}

// UseFactor stops a waiting undo of the factor, as a login by the factor does.
func UseFactor(ctx context.Context, email string, f *Factor) error {
	return changing(ctx, email, func(tx *pop.Connection, u *User) error { return u.stopUndo(tx, f) })
}

func changing(ctx context.Context, email string, change func(tx *pop.Connection, u *User) error) error {
	return inTransaction(ctx, func(tx *pop.Connection) error {
		user, err := lockUser(tx, changeLock, "email = ?", email)
		if err != nil {
			return err
		}
		return change(tx, user)
	})
}

// Rekey replaces the secrets of the operator.
func Rekey(secretsOfOperator ...string) { secrets = secret.NewRing("corral", secretsOfOperator) }

// MailEnrolment mails the link of an enrolment, as if SECOND_FACTOR=required.
func MailEnrolment(ctx context.Context, email string) error {
	settings.SecondStepRequired = true
	defer func() { settings.SecondStepRequired = false }()
	return changing(ctx, email, func(tx *pop.Connection, u *User) error { return u.mailEnrolment(tx, Client{}) })
}
