package models

import (
	"context"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/token"
)

// Purposes of a token, which works for one of them only.
const (
	PurposeSignup       = "signup"
	PurposeReset        = "reset"
	PurposeInvite       = "invite" // a reset link that an operator hands over
	PurposeEmailConfirm = "email_confirm"
	PurposeUndo         = "undo"
	PurposeEnrol        = "enrol"    // to set up a second step
	PurposeIdentity     = "identity" // to sign up with an identity, or to link it to an account
)

// Lifetimes of tokens, by purpose. The lifetime of a mailed token starts at the delivery.
//
// A purpose of your own: a new password ends tokens with the account's Email or UserID, so
// leave both empty if yours must outlive it. The mails of a sign-up or reset drop a next that
// has a token: look up invitations by the user's email.
var Lifetimes = map[string]time.Duration{
	PurposeSignup:       24 * time.Hour,
	PurposeReset:        time.Hour, // short: others may read the mailbox later
	PurposeInvite:       24 * time.Hour,
	PurposeEmailConfirm: 24 * time.Hour,
	PurposeEnrol:        time.Hour,
	PurposeIdentity:     24 * time.Hour,
	PurposeUndo:         7 * 24 * time.Hour, // a former email stays reserved for as long
}

// The methods that are named Find… only check a token. tokens.Redeem uses it up.
var tokens = token.Store{Now: Clock.Now, Lifetimes: Lifetimes}

type (
	// Token is a mailed secret that works once.
	Token = token.Token
	// DeadToken says why a token no longer works. It is an ErrNotFound, too.
	DeadToken = token.DeadError
)

// RequestLink mails a link for PurposeSignup or PurposeReset, by the mail of the same name. It
// returns *RateLimited.
func RequestLink(ctx context.Context, purpose, email, language string, client Client) error {
	return requestMail(ctx, purpose, client, email, func(tx *pop.Connection) error {
		return mailLink(tx, Token{Purpose: purpose, Subject: email, Email: email}, purpose, language, client)
	})
}

// IssueInvite returns a token that sets a password, for an operator to hand over.
func IssueInvite(ctx context.Context, email string) (rawToken string, err error) {
	return tokens.Issue(DB.WithContext(ctx), Token{Purpose: PurposeInvite, Subject: email, Email: email})
}

// FormDigests returns digests that bind a form to the mailed link that it was rendered for,
// one for each SESSION_SECRET. A form gets the first, and is accepted with any.
func FormDigests(rawToken string) []string { return secrets.Digests("link forms", rawToken) }
