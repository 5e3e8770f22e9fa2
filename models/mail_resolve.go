package models

import (
	"context"
	"errors"

	"github.com/gofrs/uuid"

	"corral/internal/outbox"
)

// ResolveMail decides what a mail is at the moment when it is delivered: the
// client that requested it must not learn whether the email has an account.
// It returns outbox.ErrNothingToSend when there is nobody to mail.
func ResolveMail(ctx context.Context, m *outbox.Mail) error {
	switch m.Template {
	case MailSignup:
		return resolveTaken(ctx, m, uuid.Nil, MailSignupTaken)
	case MailEmailConfirm:
		userID, err := emailChangeOf(ctx, m)
		if err != nil {
			return err
		}
		return resolveTaken(ctx, m, userID, MailEmailTaken)
	case MailReset:
		err := resolveLanguage(ctx, m)
		if errors.Is(err, ErrNotFound) {
			return outbox.ErrNothingToSend
		}
		return err
	}
	return nil
}

// resolveLanguage prefers the language of the account at the mail's email to
// that of the client. It returns ErrNotFound when there is no account.
func resolveLanguage(ctx context.Context, m *outbox.Mail) error {
	user, err := FindUserByEmail(ctx, m.Recipient)
	if err == nil && user.Language != "" {
		m.Language = user.Language
	}
	return err
}

// resolveTaken turns the mail into one without a link when the email belongs to
// an account other than userID.
func resolveTaken(ctx context.Context, m *outbox.Mail, userID uuid.UUID, instead string) error {
	taken, err := emailTaken(DB.WithContext(ctx), m.Recipient, userID)
	if err != nil || !taken {
		return err
	}
	m.Template, m.SealedToken = instead, nil
	if err := resolveLanguage(ctx, m); !errors.Is(err, ErrNotFound) { // a reserved email has no account
		return err
	}
	return nil
}

// emailChangeOf returns the account that asked for the email; none once the mail
// was delivered or its link is void. The previous owner may take an email back.
func emailChangeOf(ctx context.Context, m *outbox.Mail) (uuid.UUID, error) {
	rawToken, err := Outbox.Token(m)
	if err != nil {
		return uuid.Nil, err
	}
	token, err := findToken(DB.WithContext(ctx), rawToken, PurposeEmailConfirm)
	if errors.Is(err, ErrNotFound) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, err
	}
	return token.UserID.UUID, nil
}
