package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"

	"corral/config"
	"corral/internal/passkey"
	"corral/internal/ratelimit"
	"corral/internal/secret"
)

// passkeys is set by Connect.
var passkeys *passkey.RelyingParty

func newRelyingParty(c config.Config) *passkey.RelyingParty {
	return passkey.New(passkey.Options{PublicURL: c.Host, Name: "Corral", Secrets: secrets, Now: Clock.Now})
}

// What a challenge is for.
const (
	PasskeyNew        = "new"
	PasskeyLogin      = "login" // by nothing else
	PasskeySecondStep = "second step"
	PasskeySudo       = "sudo"
	PasskeyLinks      = "links of " // and the id of one: to end them
)

// ErrSecondStepOnly means that an undo removes the passkey soon.
var ErrSecondStepOnly = fmt.Errorf("%w: it serves as a second step only", passkey.ErrRefused)

// PasskeyLoginOptions returns a challenge that is the same for all clients: prevents
// enumeration.
func PasskeyLoginOptions() (*passkey.Challenge, error) {
	return passkeys.BeginLogin(PasskeyLogin, "", nil, nil)
}

// PasskeyOptions returns a challenge for the account's passkeys, or for a new one.
func (u *User) PasskeyOptions(ctx context.Context, purpose string) (*passkey.Challenge, error) {
	list, err := passkeysOf(ctx, u, purpose == PasskeyNew)
	if err != nil {
		return nil, err
	}
	var credentials []passkey.Credential
	for _, f := range list {
		credentials = append(credentials, passkey.Decode(f.Data))
	}
	if purpose == PasskeyNew {
		user := passkey.User{Handle: u.ID.Bytes(), Name: u.Email, DisplayName: u.Email}
		return passkeys.BeginRegistration(purpose, u.ID.String(), user, credentials)
	}
	return passkeys.BeginLogin(purpose, u.ID.String(), u.ID.Bytes(), credentials)
}

// passkeysOf returns the passkeys in use, oldest first, or those that are kept, too:
// an authenticator would replace a removed one, which could not be restored then.
func passkeysOf(ctx context.Context, user *User, kept bool) (list []Factor, err error) {
	which := "user_id = ? AND kind = ?"
	if !kept {
		which += " AND removed_at IS NULL"
	}
	err = DB.WithContext(ctx).Where(which, user.ID, FactorPasskey).Order("id").All(&list)
	return list, wrap("listing passkeys", err)
}

// NewestPasskeyHost returns the host that the newest passkey in use works under, or
// "".
func NewestPasskeyHost(ctx context.Context) (string, error) {
	var list []Factor
	err := DB.WithContext(ctx).Where("kind = ? AND removed_at IS NULL", FactorPasskey).Order("id DESC").Limit(1).All(&list)
	if err != nil || len(list) == 0 {
		return "", wrap("finding a passkey", err)
	}
	return passkey.Decode(list[0].Data).RPID, nil
}

// LogInWithPasskey starts a session that passed both steps. It returns
// passkey.ErrRefused, ErrUnknown or ErrExpired, or *RateLimited.
func LogInWithPasskey(ctx context.Context, answer passkey.Answer, client Client, remember bool) (s *LoggedIn, err error) {
	err = usePasskey(ctx, PasskeyLogin, "", answer, client, func(tx *pop.Connection, user *User, f *Factor) error {
		if err := user.useFactor(tx, f, client); err != nil {
			return err
		}
		if s, err = startSession(tx, user, client, Session{Remembered: remember, FactorID: f.nullID(), ConfirmedAt: nulls.NewTime(Clock.Now())}); err != nil {
			return err
		}
		return user.record(tx, s.activity(), client)
	})
	return s, err
}

// usePasskey verifies an answer, and runs serve with the locked account in the
// transaction that uses the challenge up. Failures count for the client.
func usePasskey(ctx context.Context, purpose, subject string, answer passkey.Answer, client Client, serve func(tx *pop.Connection, user *User, f *Factor) error) error {
	buckets, err := client.answerBuckets(ctx)
	if err != nil {
		return err
	}
	return waiting.Attempt(ctx, DB, buckets, Clock.Now, func() error {
		f := &Factor{}
		verified, err := passkeys.FinishLogin(purpose, subject, answer, func(id []byte) ([]byte, passkey.Credential, error) {
			err := DB.WithContext(ctx).Where("credential_id = ?", id).First(f)
			if errors.Is(err, sql.ErrNoRows) {
				err = passkey.ErrUnknown
			}
			return f.UserID.Bytes(), passkey.Decode(f.Data), err
		})
		if err != nil {
			return err
		}
		return announcing(ctx, func(tx *pop.Connection) error {
			user, err := f.lockVerified(tx, verified, purpose)
			if err != nil {
				return err
			}
			return serve(tx, user, f)
		})
	}, passkeyRefused)
}

// passkeyRefused reports whether an error is a failure of the client.
func passkeyRefused(err error) bool {
	status, _ := passkey.Problem(err)
	return status != 0
}

// answerBuckets returns the buckets for an answer of an authenticator or provider: those
// of the client, or that of a known browser, which attackers cannot fill.
func (c Client) answerBuckets(ctx context.Context) (ratelimit.Buckets, error) {
	digest := secret.TokenDigest(c.RawDeviceCookie)
	known, err := DB.WithContext(ctx).Where("token_digest = ? AND expires_at > ?", digest, Clock.Now()).Exists(&DeviceCookie{})
	if known {
		return ratelimit.Buckets{bucketOf(answersPerDeviceCookie, string(digest))}, err
	}
	return loginsPerClient.OfClient(limitDigest, c.IP), err
}

// lockVerified locks the account of a verified passkey, uses its challenge up, and
// stores its counter. It returns passkey.ErrRefused if either was removed.
func (f *Factor) lockVerified(tx *pop.Connection, verified *passkey.Verified, purpose string) (*User, error) {
	user, err := lockUser(tx, toChange, "id = ? AND deleted_at IS NULL", f.UserID)
	if err == nil {
		err = tx.Where("id = ? AND removed_at IS NULL", f.ID).First(f)
	}
	if errors.Is(err, ErrNotFound) || errors.Is(err, sql.ErrNoRows) {
		return nil, passkey.ErrRefused
	}
	if err == nil {
		err = verified.Redeem(tx, Clock.Now())
	}
	if err != nil {
		return nil, err
	}
	if goes, err := user.undoRemoves(tx, f); err != nil || goes && purpose != PasskeySecondStep {
		return nil, cmp.Or(err, ErrSecondStepOnly)
	}
	if verified.CounterStuck { // a copy, or an authenticator that does not count
		slog.WarnContext(tx.Context(), "passkey counter stuck")
	}
	if verified.BackupChanged { // synced from now on, or no longer
		slog.WarnContext(tx.Context(), "passkey backup changed")
	}
	f.Data = verified.Credential.Encode()
	return user, wrap("storing a passkey", tx.UpdateColumns(f, "data"))
}
