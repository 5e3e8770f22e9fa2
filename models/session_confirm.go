package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
	"corral/internal/secret"
)

// maxFailedConfirmations in a row end the session.
const maxFailedConfirmations = 10

// ErrSessionEnded means that too many confirmations failed.
var ErrSessionEnded = errors.New("the session has ended: too many failed confirmations")

// Confirmed reports whether the login, or a later confirmation, confirmed the session within
// the last ten minutes.
func (s *Session) Confirmed() bool {
	return s.ConfirmedAt.Valid && Clock.Now().Before(s.ConfirmedAt.Time.Add(10*time.Minute))
}

// Confirm checks the credentials of the logged-in user, in case the session was
// left open on a shared computer: the password, a login attempt without growing waits, or
// the code if the second step is on. It returns the new token of the session, or "" if another
// tab got it meanwhile; ErrBadCredentials, ErrBadCode, *RateLimited or password.ErrBusy;
// ErrSessionEnded; or ErrNotFound if something else ended the session.
func (s *Session) Confirm(ctx context.Context, with Credentials) (rawToken string, err error) {
	if s.User.SecondStep {
		return s.confirmWithCode(ctx, with.Code, with.Client)
	}
	badPassword := func(err error) bool { return errors.Is(err, ErrBadCredentials) }
	return s.confirmBy(ctx, with.Client, badPassword, func(passed afterFactor) error {
		_, err := with.use(ctx, ActivityPasswordFailed, func(tx *pop.Connection, user *User) (kind string, err error) {
			if err := user.lock(tx, loginLock); err != nil || user.SecondStep { // turned on meanwhile
				return "", cmp.Or(err, ErrBadCredentials)
			}
			return "", passed(tx, user, nil)
		})
		return err
	})
}

// afterFactor is called in the transaction that has used a factor and locked the user's row.
// For a password, f is nil.
type afterFactor = func(tx *pop.Connection, user *User, f *Factor) error

// confirmBy counts a confirmation as failed, and runs use. It refunds the count after an
// error that is no failure of the client.
func (s *Session) confirmBy(ctx context.Context, client Client, failed func(error) bool, use func(passed afterFactor) error) (rawToken string, err error) {
	if err := inTransaction(ctx, s.countConfirmation); err != nil {
		return "", s.endIfTooManyFailed(ctx, err, client)
	}
	err = use(func(tx *pop.Connection, user *User, f *Factor) (err error) {
		if f != nil {
			if err := user.confirmFactor(tx, f, client); err != nil {
				return err
			}
		}
		rawToken, err = s.confirm(tx, user)
		return err
	})
	if err != nil && !failed(err) {
		detached, cancel := database.Detached(ctx)
		defer cancel()
		err = errors.Join(err, inTransaction(detached, s.refundConfirmation))
	}
	if err != nil {
		return "", s.endIfTooManyFailed(ctx, err, client)
	}
	return rawToken, nil
}

// endIfTooManyFailed ends the session if, after err, too many confirmations have failed, even
// if the client is gone. It returns err if it ends none.
func (s *Session) endIfTooManyFailed(ctx context.Context, err error, client Client) error {
	if s.FailedConfirmations < maxFailedConfirmations {
		return err
	}
	detached, cancel := database.Detached(ctx)
	defer cancel()
	endErr := s.User.recording(detached, ActivityUnconfirmed, client, func(tx *pop.Connection) error {
		return atLeastOne(endSessions(tx, "id = ? AND failed_confirmations >= ?", s.ID, maxFailedConfirmations))
	})
	if endErr == nil {
		return ErrSessionEnded
	}
	if errors.Is(endErr, ErrNotFound) || errors.Is(endErr, ErrBadCredentials) { // another request confirmed or ended it
		return err
	}
	return errors.Join(err, endErr)
}

// countConfirmation counts a confirmation as failed before the check, so that
// disconnecting cannot hide it.
func (s *Session) countConfirmation(tx *pop.Connection) error {
	err := tx.RawQuery(`UPDATE sessions SET failed_confirmations = failed_confirmations + 1
		WHERE id = ? AND failed_confirmations < ? RETURNING failed_confirmations`, s.ID, maxFailedConfirmations).First(&s.FailedConfirmations)
	if errors.Is(err, sql.ErrNoRows) {
		s.FailedConfirmations = maxFailedConfirmations
		return ErrNotFound
	}
	return wrap("counting a confirmation", err)
}

// refundConfirmation takes off the count a confirmation that did not fail.
func (s *Session) refundConfirmation(tx *pop.Connection) error {
	_, err := exec(tx, "refunding a confirmation", "UPDATE sessions SET failed_confirmations = failed_confirmations - 1 WHERE id = ? AND failed_confirmations > 0", s.ID)
	return err
}

// confirm replaces the token, as a login does: a copied cookie must not become a
// confirmed one. Of two tabs at once, only the first gets a new token: a second token
// would void the first.
func (s *Session) confirm(tx *pop.Connection, user *User) (rawToken string, err error) {
	s.ConfirmedAt, s.FailedConfirmations = nulls.NewTime(Clock.Now()), 0
	rawToken = secret.NewTokenOf(s.ID)
	const confirmed = "UPDATE sessions SET confirmed_at = ?, failed_confirmations = 0"
	replaced, err := exec(tx, "confirming a session", confirmed+", token_digest = ? WHERE id = ? AND user_id = ? AND token_digest = ?",
		s.ConfirmedAt, secret.TokenDigest(rawToken), s.ID, user.ID, s.TokenDigest)
	if err != nil || replaced > 0 {
		return rawToken, err
	}
	return "", atLeastOne(exec(tx, "confirming a session", confirmed+" WHERE id = ? AND user_id = ?", s.ConfirmedAt, s.ID, user.ID))
}
