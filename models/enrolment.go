package models

import (
	"context"

	"github.com/gobuffalo/pop/v6"
)

// mailEnrolment mails a link for Enrol. Over the rate limit, the previous link keeps working.
func (u *User) mailEnrolment(tx *pop.Connection, client Client) error {
	client.Next = ""
	return limitMail(tx, MailEnrol, u.Email, func(tx *pop.Connection) error {
		return mailLink(tx, Token{Purpose: PurposeEnrol, Subject: u.ID.String(), Email: u.Email, UserID: u.nullID()}, MailEnrol, u.Language, client)
	})
}

// mailEnrolmentAgain is mailEnrolment for sessions that began before the second step was turned
// off, if SECOND_FACTOR=required.
func (u *User) mailEnrolmentAgain(tx *pop.Connection, client Client) error {
	if !u.MustEnrol() || u.DeletedAt.Valid {
		return nil
	}
	return u.mailEnrolment(tx, client)
}

// CheckEnrolment returns nil if the mailed link is the user's, or ErrNotFound, or
// *OtherAccountError. It does not redeem the token.
func (u *User) CheckEnrolment(ctx context.Context, rawToken string) error {
	_, err := u.findToken(DB.WithContext(ctx), rawToken, PurposeEnrol)
	return err
}

// Enrol redeems the mailed link, and lets the session set up a second step. It returns the
// errors of CheckEnrolment.
func (s *Session) Enrol(ctx context.Context, rawToken string) error {
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if _, err := lockUser(tx, recordLock, "id = ?", s.UserID); err != nil {
			return err
		}
		token, err := s.User.findToken(tx, rawToken, PurposeEnrol)
		if err != nil {
			return err
		}
		if err := tokens.Redeem(tx, token); err != nil {
			return err
		}
		err = tx.RawQuery("UPDATE sessions SET may_enrol = ? WHERE id = ?", true, s.ID).Exec()
		return wrap("updating a session", err)
	})
}
