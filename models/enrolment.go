package models

import (
	"context"

	"github.com/gobuffalo/pop/v6"
)

// mailEnrolment mails a link for Enrol if the user must enrol. Over the rate limit it mails none;
// earlier links keep working.
func (u *User) mailEnrolment(tx *pop.Connection, client Client) error {
	if !u.MustEnrol() {
		return nil
	}
	client.Next = ""
	return limitMail(tx, MailEnrol, u.Email, func(tx *pop.Connection) error {
		return mailLink(tx, Token{Purpose: PurposeEnrol, Subject: u.ID.String(), Email: u.Email, UserID: u.nullID()}, MailEnrol, u.Language, client)
	})
}

// FindEnrolment returns the token of the user's enrolment link, or ErrNotFound, or *OtherAccountError.
func (u *User) FindEnrolment(ctx context.Context, rawToken string) (*Token, error) {
	return u.findToken(DB.WithContext(ctx), rawToken, PurposeEnrol)
}

// Enrol redeems the mailed link, and lets the session set up a second step. It returns the
// errors of FindEnrolment, or ErrBadCredentials if the account changed or the session ended.
func (s *Session) Enrol(ctx context.Context, rawToken string) error {
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if err := s.User.lock(tx, changeLock); err != nil {
			return err
		}
		token, err := s.User.findToken(tx, rawToken, PurposeEnrol)
		if err != nil {
			return err
		}
		// The next login may need a new link. The bucket comes before the token: prevents deadlocks.
		if err := clearMails(tx, MailEnrol, s.User.Email); err != nil {
			return err
		}
		if err := tokens.Redeem(tx, token); err != nil {
			return err
		}
		err = tx.RawQuery("UPDATE sessions SET may_enrol = ? WHERE id = ?", true, s.ID).Exec()
		return wrap("updating a session", err)
	})
}
