package models

import (
	"context"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/outbox"
)

// RequestSignup mails a link to choose a password for a new account; if the
// email has an account, a mail that says so. Which one is decided at delivery,
// so that the request does the same either way. It returns *RateLimited.
func RequestSignup(ctx context.Context, email, language string, client Client) error {
	return requestMail(ctx, signupsPerEmail, client, email, func(tx *pop.Connection) error {
		rawToken, err := Token{Purpose: PurposeSignup, Subject: email, Email: email}.issue(tx, SignupLifetime)
		if err != nil {
			return err
		}
		return queueMail(tx, outbox.Mail{Recipient: email, Template: MailSignup, Language: language}, client, rawToken)
	})
}

// FindSignupEmail returns the email that a sign-up token was mailed to, or
// ErrNotFound, also when the email has an account by now. It does not redeem
// the token.
func FindSignupEmail(ctx context.Context, rawToken string) (email string, err error) {
	tx := DB.WithContext(ctx)
	token, err := findToken(tx, rawToken, PurposeSignup)
	if err != nil {
		return "", err
	}
	taken, err := emailTaken(tx, token.Email, uuid.Nil)
	if taken {
		return "", ErrNotFound
	}
	return token.Email, err
}

// CompleteSignup redeems a sign-up token: it creates the account with a
// normalized password and logs in. Of two concurrent calls, one gets ErrNotFound.
func CompleteSignup(ctx context.Context, rawToken, normalized, language string, client Client) (*LoggedIn, error) {
	digest, err := hasher.Hash(ctx, normalized) // outside the transaction: it takes long
	if err != nil {
		return nil, err
	}
	var s *LoggedIn
	err = announcing(ctx, func(tx *pop.Connection) error {
		token, err := findToken(tx, rawToken, PurposeSignup)
		if err != nil {
			return err
		}
		if err := token.redeem(tx); err != nil {
			return err
		}
		user := &User{Email: token.Email, Language: language, PasswordDigest: digest}
		if err := createUser(tx, user); err != nil {
			return err
		}
		if err := user.record(tx, ActivitySignup, client); err != nil {
			return err
		}
		s, err = startSession(tx, user, client, false)
		return err
	})
	return s, notFoundIfTaken(err)
}
