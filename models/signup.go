package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// FindSignup returns a sign-up token, or ErrNotFound.
func FindSignup(ctx context.Context, rawToken string) (*Token, error) {
	tx := DB.WithContext(ctx)
	token, err := tokens.Find(tx, rawToken, PurposeSignup, PurposeIdentity)
	if err != nil {
		return nil, err
	}
	taken, err := emailTaken(tx, token.Email, uuid.Nil)
	if taken {
		return nil, ErrNotFound
	}
	return token, err
}

// CompleteSignup redeems a sign-up token, creates the account with a normalized
// password and logs in. Of two concurrent calls, one gets ErrNotFound.
func CompleteSignup(ctx context.Context, rawToken, normalized, language string, client Client) (s *LoggedIn, err error) {
	err = hashNew(ctx, normalized, client, func(ctx context.Context, digest string) error {
		like := Session{ConfirmedAt: nulls.NewTime(Clock.Now()), MayEnrol: true}
		s, err = completeSignup(ctx, rawToken, User{Language: language, PasswordDigest: digest}, client, like, func(*pop.Connection, *User) error { return nil })
		return err
	})
	return s, err
}

// completeSignup creates the account, runs store, and logs in.
func completeSignup(ctx context.Context, rawToken string, user User, client Client, like Session, store func(tx *pop.Connection, user *User) error) (s *LoggedIn, err error) {
	err = inTransactionWithMail(ctx, func(tx *pop.Connection) error {
		token, err := tokens.Find(tx, rawToken, PurposeSignup, PurposeIdentity)
		if err == nil {
			err = tokens.Redeem(tx, token)
		}
		if err != nil {
			return err
		}
		user.Email = token.Email
		if err := createUser(tx, &user); err != nil {
			return err
		}
		if err := errors.Join(store(tx, &user), user.record(tx, ActivitySignup, client)); err != nil {
			return err
		}
		s, err = startSession(tx, &user, client, like)
		return err
	})
	return s, replace(err, ErrEmailTaken, ErrNotFound)
}
