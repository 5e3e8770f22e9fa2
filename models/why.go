package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/gofrs/uuid"

	"corral/internal/email"
	"corral/internal/outbox"
)

// Findings tell an operator why an email cannot log in.
type Findings struct {
	Email         string
	User          *User          // nil: no account
	Attempts      int            // failed in a row, by unknown browsers
	Limited       *RateLimited   // nil: unknown browsers may log in
	KnownBrowsers []*RateLimited // nil elements may log in
	LimitedMails  []string       // templates
	Failures      []Activity     // newest first
	Mails         []outbox.Mail  // newest first
	Tokens        []Token        // the last to expire first
	Sessions      []Session      // newest seen first
	Factors       []Factor       // oldest first
	Identities    []Identity     // oldest first
	CodesLeft     int            // recovery codes
	LimitedCodes  *RateLimited   // nil: TOTP is not rate limited
	Skips         []DeviceCookie // browsers that skip the second step
	Waiting       []Waiting      // what an undo or an operator does, the next first
	Similar       []User         // if there is no account: one letter away
}

// newestFindings limits failures and mails.
const newestFindings = 5

// Explain looks up a normalized email.
func Explain(ctx context.Context, normalized string) (f *Findings, err error) {
	f = &Findings{Email: normalized}
	if f.User, err = FindUserByEmail(ctx, normalized); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	userID := uuid.Nil // no row has it
	if f.User != nil {
		userID = f.User.ID
	}
	db, now := DB.WithContext(ctx), Clock.Now()
	err = errors.Join(f.findLimits(ctx),
		db.Where("recipient = ?", normalized).Order("created_at DESC").Limit(newestFindings).All(&f.Mails),
		db.Where("(email = ? OR user_id = ?) AND expires_at > ?", normalized, userID, now).Order("expires_at DESC").All(&f.Tokens))
	if f.User == nil {
		err = errors.Join(err, db.Where("email IN (?)", email.OneLetterAway(normalized)).Order("email").All(&f.Similar))
	} else {
		var sessionsErr error
		f.Sessions, sessionsErr = SessionsOf(ctx, f.User)
		err = errors.Join(err, sessionsErr, f.findKnownBrowsers(ctx), f.findFactors(ctx),
			db.Where("user_id = ?", userID).Where("kind IN (?)", failures).Order("id DESC").Limit(newestFindings).All(&f.Failures))
	}
	if err != nil {
		return nil, fmt.Errorf("explaining an email: %w", err)
	}
	return f, nil
}

func (f *Findings) findLimits(ctx context.Context) (err error) {
	db, now := DB.WithContext(ctx), Clock.Now()
	if f.Attempts, f.Limited, err = bucketOf(loginsPerEmail, f.Email).Peek(db, now); err != nil {
		return err
	}
	for _, template := range []string{MailSignup, MailReset, MailEmailConfirm} {
		_, limited, err := bucketOf(mailsPerEmail(template), f.Email).Peek(db, now)
		if err != nil {
			return err
		}
		if limited != nil {
			f.LimitedMails = append(f.LimitedMails, template)
		}
	}
	return nil
}

func (f *Findings) findKnownBrowsers(ctx context.Context) error {
	db, now := DB.WithContext(ctx), Clock.Now()
	var cookies []DeviceCookie
	if err := db.Where("user_id = ? AND expires_at > ?", f.User.ID, now).All(&cookies); err != nil {
		return err
	}
	for _, cookie := range cookies {
		_, limited, err := bucketOf(loginsPerDeviceCookie, string(cookie.TokenDigest)).Peek(db, now)
		if err != nil {
			return err
		}
		f.KnownBrowsers = append(f.KnownBrowsers, limited)
	}
	return nil
}

func (f *Findings) findFactors(ctx context.Context) (err error) {
	var errs [5]error
	f.Factors, errs[0] = FactorsOf(ctx, f.User)
	f.CodesLeft, errs[1] = f.User.RecoveryCodesLeft(ctx)
	f.Skips, errs[2] = SkipsOf(ctx, f.User)
	f.Waiting, errs[3] = WaitingOf(ctx, f.User)
	f.Identities, errs[4] = IdentitiesOf(ctx, f.User)
	_, f.LimitedCodes, err = f.User.wrongCodes().Peek(DB.WithContext(ctx), Clock.Now())
	return errors.Join(append(errs[:], err)...)
}

// Reserved returns the undo token that reserves the email, or nil.
func (f *Findings) Reserved() *Token {
	for _, token := range f.Tokens {
		if token.Purpose == PurposeUndo && token.Email == f.Email {
			return &token
		}
	}
	return nil
}
