package models

import (
	"context"
	"fmt"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// RequestSignup mails a link to choose a password for a new account. When the
// address has an account, its owner gets a mail that says so: that is decided
// when the mail is sent, so that the request does the same either way. It
// returns *Throttled when the client asked too often.
func RequestSignup(ctx context.Context, email, language string, from Origin) error {
	return requestMail(ctx, signupsPerAddress, from, email, func(tx *pop.Connection) error {
		rawToken, err := Token{Purpose: PurposeSignup, Subject: email, Email: email}.issue(tx, SignupLifetime)
		if err != nil {
			return err
		}
		return queueMail(tx, Mail{Recipient: email, Template: MailSignup, Language: language}, from, rawToken)
	})
}

// FindSignupEmail returns the address that a sign-up token was sent to, or
// ErrNotFound, also when the address has got an account since. It does not
// spend the token.
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

// CompleteSignup spends a sign-up token on an account with a prepared password,
// and signs in to it. Of two that use one token at once, one gets ErrNotFound.
func CompleteSignup(ctx context.Context, rawToken, prepared, language string, from Origin) (*SignedIn, error) {
	digest, err := hashPassword(ctx, prepared) // outside the transaction: it takes long
	if err != nil {
		return nil, err
	}
	var s *SignedIn
	err = announcing(ctx, func(tx *pop.Connection) error {
		token, err := findToken(tx, rawToken, PurposeSignup)
		if err != nil {
			return err
		}
		if err := token.spend(tx); err != nil {
			return err
		}
		user := &User{Email: token.Email, Language: language, PasswordDigest: digest}
		if err := createUser(tx, user); err != nil {
			return err
		}
		if err := user.record(tx, ActivitySignup, from); err != nil {
			return err
		}
		s, err = startSession(tx, user, from, false)
		return err
	})
	return s, notFoundIfTaken(err)
}

// createUser stores an account, or returns ErrEmailTaken.
func createUser(tx *pop.Connection, user *User) error {
	taken, err := emailTaken(tx, user.Email, uuid.Nil)
	if err != nil {
		return err
	}
	if taken {
		return ErrEmailTaken
	}
	if err := tx.Create(user); isDuplicate(err) { // somebody took it this very moment
		return ErrEmailTaken
	} else if err != nil {
		return fmt.Errorf("creating a user: %w", err)
	}
	return nil
}

// emailTaken says whether an account other than asker's has the address, or had
// it until lately: for a week it is kept for whoever may want it back.
func emailTaken(tx *pop.Connection, email string, asker uuid.UUID) (bool, error) {
	var found []int
	err := tx.RawQuery(`
		SELECT 1 FROM users WHERE email = ? AND id <> ?
		UNION ALL SELECT 1 FROM tokens WHERE email = ? AND purpose = ? AND expires_at > ? AND user_id <> ?`,
		email, asker, email, PurposeEmailUndo, Clock.Now(), asker).All(&found)
	if err != nil {
		return false, fmt.Errorf("looking for an address: %w", err)
	}
	return len(found) > 0, nil
}
