package models

import (
	"context"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/email"
	"corral/internal/oidc"
	"corral/internal/oidc/identities"
	"corral/internal/secret"
)

// PendingIdentity is an identity that waits for the user to open the link that was mailed to
// its email. The session cookie of the browser that came from the provider keeps it.
type PendingIdentity = identities.Pending

// ParsePendingIdentity reads what PendingIdentity.Raw returned.
var ParsePendingIdentity = identities.ParsePending

// RequestIdentity mails a link to the email of an unknown identity. The link adds the
// identity to the account that has the email, or creates one. If the mail is withheld, the link
// of the mail before goes on to do so. RequestIdentity returns nil, nil if the claimed email is
// invalid. Its error is *RateLimited.
func RequestIdentity(ctx context.Context, claimed oidc.Identity, before *PendingIdentity, language string, client Client) (*PendingIdentity, error) {
	normalized, ok := email.Normalize(claimed.Email)
	if !ok {
		return nil, nil
	}
	p := &PendingIdentity{Identity: oidc.Identity{Issuer: claimed.Issuer, Subject: claimed.Subject, Email: normalized}}
	// Counted as a sign-up: prevents more mails to a mailbox than sign-ups alone can cause.
	var rawToken string
	err := requestMail(ctx, MailSignup, client, normalized, func(tx *pop.Connection) (err error) {
		rawToken, err = mailToken(tx, Token{Purpose: PurposeIdentity, Subject: normalized, Email: normalized}, MailIdentity, language, client)
		return err
	})
	p.TokenDigest = secret.TokenDigest(rawToken)
	if _, undone := tokens.Find(DB.WithContext(ctx), rawToken, PurposeIdentity); undone != nil && before.Identity == p.Identity {
		p.TokenDigest = before.TokenDigest
	}
	return p, err
}

// FindIdentityLink returns a token for the user's email, or ErrNotFound, or *OtherAccountError.
// u is nil if no user is logged in.
func (u *User) FindIdentityLink(ctx context.Context, rawToken string) (*Token, error) {
	return u.findIdentityLink(DB.WithContext(ctx), rawToken)
}

func (u *User) findIdentityLink(tx *pop.Connection, rawToken string) (*Token, error) {
	token, err := tokens.Find(tx, rawToken, PurposeIdentity)
	if err == nil && u != nil && token.Email != u.Email {
		err = &OtherAccountError{Email: token.Email}
	}
	return token, err
}

// AddPendingIdentity redeems the mailed link and adds the identity. It returns ErrIdentityTaken,
// the errors of FindIdentityLink, or ErrNotFound if the link does not stand for the identity.
func (u *User) AddPendingIdentity(ctx context.Context, rawToken string, p *PendingIdentity, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		token, err := u.findIdentityLink(tx, rawToken)
		if err == nil && !p.IsFor(rawToken) {
			err = ErrNotFound
		}
		if err == nil {
			err = tokens.Redeem(tx, token)
		}
		if err != nil {
			return err
		}
		return u.addIdentity(tx, p.Identity, client)
	})
}

// CompleteSignupWithIdentity is CompleteSignup with an identity instead of a password. The
// session is not confirmed. It also returns ErrIdentityTaken.
func CompleteSignupWithIdentity(ctx context.Context, rawToken string, p *PendingIdentity, language string, client Client) (*LoggedIn, error) {
	if !p.IsFor(rawToken) {
		return nil, ErrNotFound
	}
	return completeSignup(ctx, rawToken, User{Language: language}, client, Session{MayEnrol: true}, func(tx *pop.Connection, user *User) error {
		_, err := identities.Add(tx, user.ID, p.Identity, Clock.Now())
		return err
	})
}
