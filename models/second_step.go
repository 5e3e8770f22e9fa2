package models

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/outbox"
)

// SecondStep is a login, or a mailed reset, that waits for a factor. The session cookie
// keeps it, encrypted and authenticated; it is no session.
type SecondStep struct {
	UserID    uuid.UUID `json:"user"`
	Version   int       `json:"version"` // of the credentials: any change of them ends the second step
	ExpiresAt time.Time `json:"expires"`
	Remember  bool      `json:"remember,omitempty"`
	Next      []byte    `json:"next,omitempty"` // the page to go to afterwards; []byte, because JSON's escapes in a string are too long

	Mail  uuid.UUID `json:"mail,omitzero"` // the ID of MailNotPassed, which is sent if the step is not passed
	DueAt time.Time `json:"due,omitzero"`  // when MailNotPassed is due

	Reset  uuid.UUID `json:"reset,omitzero"`   // the token of a mailed reset; uuid.Nil: a login
	Passed bool      `json:"passed,omitempty"` // the reset may go on until its link expires

	User *User `json:"-"`
}

// secondStepLifetime is how long the second step may take.
const secondStepLifetime = 5 * time.Minute

// Raw returns the text that the session cookie keeps.
func (step *SecondStep) Raw() string {
	raw, _ := json.Marshal(step) // texts and numbers: never fails
	return string(raw)
}

// ErrSecondStep means that the second step comes before a mailed reset.
var ErrSecondStep = errors.New("the second step comes first")

func (u *User) secondStep() *SecondStep {
	return &SecondStep{UserID: u.ID, Version: u.CredentialVersion, ExpiresAt: Clock.Now().Add(secondStepLifetime)}
}

// askSecondStep returns the second step of a login, or nil if the client skips it. It queues
// a mail to the owner; passing the step cancels it. A further login of the browser keeps
// the mail's due time: otherwise further logins by an attacker would postpone it for ever.
// Over the rate limit, which passing the step clears, it queues none: only one a day is sent.
func (u *User) askSecondStep(tx *pop.Connection, client Client, remember bool) (*SecondStep, error) {
	if skips, err := deviceCookies.Skips(tx, u.ID, u.CredentialVersion, client.RawDeviceCookie); err != nil || skips {
		return nil, err
	}
	step, before := u.secondStep(), rawSecondStep(client)
	step.Remember, step.Next, step.Mail, step.DueAt = remember, []byte(client.Next), before.Mail, before.DueAt
	if before.UserID == u.ID && Clock.Now().Before(step.DueAt) {
		return step, nil
	}
	step.Mail, step.DueAt = newID(), step.ExpiresAt
	return step, limitMail(tx, MailNotPassed, u.Email, func(tx *pop.Connection) error {
		rawToken, err := tokens.Issue(tx, u.undoToken(u.Changes+1, MailNotPassed, step.Mail, u.Email)) // as mailNotice does
		if err != nil {
			return err
		}
		m := outbox.Mail{ID: step.Mail, Recipient: u.Email, Template: MailNotPassed, Language: u.Language, DueAt: nulls.NewTime(step.DueAt)}
		return queueMail(tx, m, client, rawToken)
	})
}

// rawSecondStep returns the second step in a client's session cookie, unchecked.
func rawSecondStep(client Client) (step SecondStep) {
	_ = json.Unmarshal([]byte(client.RawSecondStep), &step) // the zero SecondStep has expired
	return step
}

// FindSecondStep returns the second step in a client's session cookie, with its user. With
// ErrNotFound, if there is none, it or the mailed link has ended, or a password or factor
// changed, it returns one without a user.
func FindSecondStep(ctx context.Context, client Client) (*SecondStep, error) {
	step := rawSecondStep(client)
	if !step.Passed && !Clock.Now().Before(step.ExpiresAt) {
		return &step, ErrNotFound
	}
	if !step.Reset.IsNil() {
		if works, err := tokens.Works(DB.WithContext(ctx), step.Reset); err != nil || !works {
			return &step, cmp.Or(err, ErrNotFound)
		}
	}
	var err error
	step.User, err = findUser(DB.WithContext(ctx), "id = ? AND credential_version = ?", step.UserID, step.Version)
	return &step, err
}

// FindResetStep returns the second step that a mailed reset waits for. It returns nil if the
// account's second step is off, or if the client has passed it for this mailed link.
func FindResetStep(ctx context.Context, token *Token, client Client) (*SecondStep, error) {
	user, err := FindUserByEmail(ctx, token.Email)
	if err != nil || user.mayReset(token, client) {
		return nil, err
	}
	step := user.secondStep()
	step.Reset, step.Next = token.ID, []byte(token.Next)
	return step, nil
}

func (u *User) mayReset(token *Token, client Client) bool {
	step := rawSecondStep(client)
	return !u.SecondStep || step.Passed && step.Reset == token.ID && step.UserID == u.ID && step.Version == u.CredentialVersion
}

// complete starts the session of a login that used the factor, or marks a reset as passed.
// The row of step.User must be locked.
func (step *SecondStep) complete(tx *pop.Connection, f *Factor, skip bool, client Client) (*LoggedIn, error) {
	if err := step.User.useFactor(tx, f, client); err != nil {
		return nil, err
	}
	if step.Passed = step.Reset != uuid.Nil; step.Passed {
		return nil, nil
	}
	s, err := startSession(tx, step.User, client, Session{Remembered: step.Remember, ConfirmedAt: nulls.NewTime(Clock.Now()), FactorID: f.NullID()})
	if skip && err == nil {
		err = deviceCookies.StartSkip(tx, step.UserID, step.User.CredentialVersion, s.RawDeviceCookie, client.ip(), client.userAgent())
	}
	if err != nil {
		return nil, err
	}
	return s, step.User.record(tx, s.activity, client)
}

// cancelNotPassed cancels the mail about the user's second step in the client's session cookie.
func (u *User) cancelNotPassed(tx *pop.Connection, client Client) error {
	step := rawSecondStep(client)
	if step.UserID != u.ID {
		return nil
	}
	err := clearMails(tx, MailNotPassed, u.Email)
	if Clock.Now().Before(step.DueAt) { // a mail that was sent keeps its link
		err = errors.Join(err, Outbox.Cancel(tx, step.Mail), tokens.Void(tx, PurposeUndo, undoSubject(MailNotPassed, step.Mail)))
	}
	return err
}
