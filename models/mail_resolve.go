package models

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/gofrs/uuid"

	"corral/internal/outbox"
)

// ResolveMail decides at the first delivery which mail is sent, or returns
// outbox.ErrNothingToSend. Prevents enumeration: the request that queued m does
// the same with and without an account.
func ResolveMail(ctx context.Context, m *outbox.Mail) error {
	return Outbox.Resolve(ctx, DB, m, func() error { return resolveMail(ctx, m) })
}

func resolveMail(ctx context.Context, m *outbox.Mail) error {
	switch m.Template {
	case MailSignup:
		return resolveRecipient(ctx, m, uuid.Nil, MailSignupTaken, MailSignup)
	case MailEmailConfirm:
		userID, err := emailChangeOf(ctx, m)
		if err != nil {
			return err
		}
		return resolveRecipient(ctx, m, userID, MailEmailTaken, MailEmailConfirm)
	case MailReset:
		return resolveRecipient(ctx, m, uuid.Nil, MailReset, "")
	case MailIdentity:
		toOthers := map[bool]string{true: MailIdentity}[settings.SignupOpen]
		return resolveRecipient(ctx, m, uuid.Nil, MailIdentityLink, toOthers)
	case MailNotPassed:
		return Outbox.Once(ctx, DB, m, 24*time.Hour)
	}
	return nil
}

// resolveRecipient makes m the mail toAccount if an account other than userID has the
// recipient's email, MailEmailReserved if the email is reserved, or else toOthers; "" means
// nothing to send.
func resolveRecipient(ctx context.Context, m *outbox.Mail, userID uuid.UUID, toAccount, toOthers string) error {
	taken, err := emailTaken(DB.WithContext(ctx), m.Recipient, userID)
	switch {
	case err != nil:
		return err
	case !taken && toOthers == "":
		return outbox.ErrNothingToSend
	case !taken:
		m.Template = toOthers
		return nil
	}
	if m.Template = toAccount; toAccount == MailSignupTaken || toAccount == MailEmailTaken {
		m.SealedToken = nil
	}
	user, err := FindUserByEmail(ctx, m.Recipient)
	if errors.Is(err, ErrNotFound) {
		m.Template, m.SealedToken = MailEmailReserved, nil
		return resolveReserved(ctx, m)
	}
	if err == nil {
		m.Language = cmp.Or(user.Language, m.Language) // of the account, or else of the client
	}
	return err
}

// StartLink starts the lifetime of the link in a mail: see token.Store.
func StartLink(ctx context.Context, m *outbox.Mail) error {
	return tokens.StartLink(DB.WithContext(ctx), Outbox, m)
}

// StartLinkAtIssue is StartLink for a mail that was given up: the lifetime of its link
// counts from the creation of the link.
func StartLinkAtIssue(ctx context.Context, m *outbox.Mail) error {
	return tokens.StartLinkAtIssue(DB.WithContext(ctx), Outbox, m)
}

// resolveReserved tells until when the recipient's email is reserved: for a deleted account
// or by a mailed link that may bring the email back.
func resolveReserved(ctx context.Context, m *outbox.Mail) error {
	var data MailData
	reserved, err := FindReservation(ctx, m.Recipient)
	if err = errors.Join(err, json.Unmarshal([]byte(m.Data), &data)); err == nil {
		data.Until = reserved.Until
		err = m.SetData(data)
	}
	return wrap("resolving a mail to a reserved email", err)
}

// emailChangeOf returns the ID of the account that requested the change, or uuid.Nil if the
// token is gone: the previous owner may have taken the email back.
func emailChangeOf(ctx context.Context, m *outbox.Mail) (uuid.UUID, error) {
	rawToken, err := Outbox.Token(m)
	if err != nil {
		return uuid.Nil, err
	}
	token, err := tokens.Find(DB.WithContext(ctx), rawToken, PurposeEmailConfirm)
	if dead, ok := errors.AsType[*DeadToken](err); ok {
		return dead.Token.UserID.UUID, nil
	}
	if err != nil {
		return uuid.Nil, replace(err, ErrNotFound, nil)
	}
	return token.UserID.UUID, nil
}
