package models

import (
	"context"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// RequestSignup mails a link to choose a password. It returns *RateLimited.
func RequestSignup(ctx context.Context, email, language string, client Client) error {
	return requestMail(ctx, MailSignup, client, email, func(tx *pop.Connection) error {
		return mailLink(tx, Token{Purpose: PurposeSignup, Subject: email, Email: email}, MailSignup, language, client)
	})
}

// FindSignup returns a sign-up token, or ErrNotFound. It does not redeem it.
func FindSignup(ctx context.Context, rawToken string) (*Token, error) {
	tx := DB.WithContext(ctx)
	token, err := tokens.Find(tx, rawToken, PurposeSignup)
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
func CompleteSignup(ctx context.Context, rawToken, normalized, language string, client Client) (*LoggedIn, error) {
	digest, err := hasher.Hash(ctx, client.place(true), normalized) // slow: outside the transaction
	if err != nil {
		return nil, err
	}
	var s *LoggedIn
	err = announcing(ctx, func(tx *pop.Connection) error {
		token, err := tokens.Find(tx, rawToken, PurposeSignup)
		if err != nil {
			return err
		}
		if err := tokens.Redeem(tx, token); err != nil {
			return err
		}
		user := &User{Email: token.Email, Language: language, PasswordDigest: digest}
		if err := createUser(tx, user); err != nil {
			return err
		}
		if err := user.record(tx, ActivitySignup, client); err != nil {
			return err
		}
		s, err = startSession(tx, user, client, Session{ConfirmedAt: nulls.NewTime(Clock.Now()), MayEnrol: true})
		return err
	})
	return s, notFoundIfTaken(err)
}
