package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// SecondStep is a login after the right password, which waits for a factor. The
// session cookie keeps it, encrypted and authenticated; it is no session.
type SecondStep struct {
	UserID    uuid.UUID `json:"user"`
	Version   int       `json:"version"` // of the credentials: ends with any change of them
	ExpiresAt time.Time `json:"expires"`
	Remember  bool      `json:"remember,omitempty"`
	Next      string    `json:"next,omitempty"` // the page to go to afterwards, or ""

	User *User `json:"-"`
}

// SecondStepLifetime is how long the second step may take.
const SecondStepLifetime = 5 * time.Minute

// Raw returns what the session cookie keeps.
func (p *SecondStep) Raw() string {
	raw, _ := json.Marshal(p) // texts and numbers: never fails
	return string(raw)
}

// askSecondStep returns what a login waits for.
func (u *User) askSecondStep(client Client, remember bool) *SecondStep {
	return &SecondStep{
		UserID:    u.ID,
		Version:   u.CredentialVersion,
		ExpiresAt: Clock.Now().Add(SecondStepLifetime),
		Remember:  remember,
		Next:      client.Next,
	}
}

// FindSecondStep returns what a client's session cookie keeps, with its user, or
// ErrNotFound: there is none, it is too old, or a password or factor changed.
func FindSecondStep(ctx context.Context, client Client) (*SecondStep, error) {
	p := &SecondStep{User: &User{}}
	if json.Unmarshal([]byte(client.RawSecondStep), p) != nil || !Clock.Now().Before(p.ExpiresAt) {
		return nil, ErrNotFound
	}
	err := DB.WithContext(ctx).Where("id = ? AND credential_version = ?", p.UserID, p.Version).First(p.User)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return p, wrap("finding a user", err)
}

// Pass starts the session if the code is right. With skip, the browser needs none for
// 30 days. It returns ErrBadCode, *RateLimited, or ErrNotFound if a password or factor
// changed meanwhile.
func (p *SecondStep) Pass(ctx context.Context, typed string, skip bool, client Client) (s *LoggedIn, err error) {
	err = p.User.passCode(ctx, typed, client, func(tx *pop.Connection, f *Factor) (err error) {
		s, err = p.passedBy(tx, f, skip, client)
		return err
	})
	if errors.Is(err, ErrBadCredentials) {
		return nil, ErrNotFound
	}
	return s, err
}

// passedBy starts the session of a login that used the factor. It takes the locked
// account.
func (p *SecondStep) passedBy(tx *pop.Connection, f *Factor, skip bool, client Client) (*LoggedIn, error) {
	if err := p.User.useFactor(tx, f, client); err != nil {
		return nil, err
	}
	s, err := startSession(tx, p.User, client, Session{Remembered: p.Remember, ConfirmedAt: nulls.NewTime(Clock.Now()), FactorID: f.nullID()})
	if err != nil {
		return nil, err
	}
	if skip {
		err = p.User.skipFrom(tx, s.RawDeviceCookie, client)
	}
	return s, errors.Join(err, p.User.record(tx, s.activity(), client))
}
