package models

import (
	"context"
	"time"

	"corral/internal/token"
)

// Purposes of a token, which works for one of them only.
const (
	PurposeSignup       = "signup"
	PurposeReset        = "reset"
	PurposeInvite       = "invite" // a reset link that an operator hands over
	PurposeEmailConfirm = "email_confirm"
	PurposeUndo         = "undo"
	PurposeEnrol        = "enrol"    // of a second step
	PurposeIdentity     = "identity" // a sign-up, or a link to an account, with a provider
)

// Lifetimes of tokens, by purpose. That of a mailed one starts at the delivery.
var Lifetimes = map[string]time.Duration{
	PurposeSignup:       24 * time.Hour,
	PurposeReset:        time.Hour, // short: others may read the mailbox later
	PurposeInvite:       24 * time.Hour,
	PurposeEmailConfirm: 24 * time.Hour,
	PurposeEnrol:        time.Hour,
	PurposeIdentity:     24 * time.Hour,
	PurposeUndo:         7 * 24 * time.Hour, // the old email is reserved as long
}

var tokens = token.Store{Now: Clock.Now, Lifetimes: Lifetimes} // also checks and redeems them

type (
	// Token is a mailed secret that works once.
	Token = token.Token
	// DeadToken says why a token no longer works. It is an ErrNotFound, too.
	DeadToken = token.DeadError
)

// IssueInvite returns a token that sets a password, for an operator.
func IssueInvite(ctx context.Context, email string) (rawToken string, err error) {
	return tokens.Issue(DB.WithContext(ctx), Token{Purpose: PurposeInvite, Subject: email, Email: email})
}

// FormDigests bind a form to the mailed link that it was rendered for: the first
// is for the form, which may return with any.
func FormDigests(rawToken string) []string { return secrets.Digests("link forms", rawToken) }
