package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/email"
	"corral/internal/factor"
	"corral/internal/outbox"
	"corral/internal/ratelimit"
)

// Findings tell an operator why an email cannot log in.
type Findings struct {
	Email         string
	User          *User            // nil: no account
	Attempts      int              // failed in a row, by unknown browsers
	Limited       *RateLimited     // nil: unknown browsers may log in
	KnownBrowsers []*RateLimited   // for each known browser; nil: it may log in
	LimitedMails  []string         // the templates that are rate limited
	Failures      []Activity       // newest first
	Mails         []outbox.Mail    // newest first
	Tokens        []Token          // the last to expire first
	Sessions      []Session        // the most recently seen first
	Factors       factor.List      // oldest first
	Identities    []Identity       // oldest first
	KeyLost       bool             // no SESSION_SECRET opens the TOTP key
	CodesLeft     int              // recovery codes
	LimitedCodes  *RateLimited     // nil: TOTP is not rate limited
	Skips         []DeviceCookie   // browsers that skip the second step
	Waiting       []factor.Waiting // changes that wait, the next first
	Similar       []User           // if there is no account: one letter away
	Reserved      *Reservation     // nil: the email has an account or may get one
}

// newestFindings limits failures and mails.
const newestFindings = 5

// Explain looks up a normalized email.
func Explain(ctx context.Context, normalized string) (f *Findings, err error) {
	f = &Findings{Email: normalized}
	if f.User, err = FindUserByEmail(ctx, normalized); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	userID := uuid.Nil // no row has this ID
	if f.User != nil {
		userID = f.User.ID
	}
	db, now := DB.WithContext(ctx), Clock.Now()
	err = errors.Join(f.findLimits(db),
		db.Where("recipient = ?", normalized).Order("created_at DESC").Limit(newestFindings).All(&f.Mails),
		db.Where("(email = ? OR user_id = ?) AND expires_at > ?", normalized, userID, now).Order("expires_at DESC").All(&f.Tokens))
	if f.User == nil {
		err = errors.Join(err, db.Where("email IN (?) AND deleted_at IS NULL", email.OneLetterAway(normalized)).Order("email").All(&f.Similar))
		var missing error
		f.Reserved, missing = FindReservation(ctx, normalized)
		err = errors.Join(err, replace(missing, ErrNotFound, nil))
	} else {
		err = errors.Join(err, f.findSessionsAndFactors(ctx),
			db.Where("user_id = ?", userID).Where("kind IN (?)", failures).Order("id DESC").Limit(newestFindings).All(&f.Failures))
	}
	return f, wrap("explaining an email", err)
}

func (f *Findings) findLimits(db *pop.Connection) error {
	var errs []error
	peek := func(b ratelimit.Bucket) (attempts int, limited *RateLimited) {
		attempts, limited, err := b.Peek(db, Clock.Now())
		errs = append(errs, err)
		return attempts, limited
	}
	f.Attempts, f.Limited = peek(bucketOf(loginsPerEmail, f.Email))
	for _, template := range []string{MailSignup, MailReset, MailEmailConfirm, MailEmailRequested, MailEnrol, MailNewBrowser} {
		if _, limited := peek(bucketOf(mailsPerEmail(template), f.Email)); limited != nil {
			f.LimitedMails = append(f.LimitedMails, template)
		}
	}
	if f.User == nil {
		return errors.Join(errs...)
	}
	_, f.LimitedCodes = peek(f.User.wrongCodes())
	cookies, err := deviceCookies.Of(db, f.User.ID)
	for _, cookie := range cookies {
		_, limited := peek(bucketOf(loginsPerDeviceCookie, string(cookie.TokenDigest)))
		f.KnownBrowsers = append(f.KnownBrowsers, limited)
	}
	return errors.Join(append(errs, err)...)
}

func (f *Findings) findSessionsAndFactors(ctx context.Context) error {
	var errs [6]error
	f.Sessions, errs[0] = SessionsOf(ctx, f.User)
	f.Factors, errs[1] = FactorsOf(ctx, f.User)
	f.CodesLeft, errs[2] = f.User.RecoveryCodesLeft(ctx)
	f.Skips, errs[3] = SkipsOf(ctx, f.User)
	f.Waiting, errs[4] = WaitingChangesOf(ctx, f.User)
	f.Identities, errs[5] = IdentitiesOf(ctx, f.User)
	f.KeyLost = f.Factors.KeyLost(secrets)
	return errors.Join(errs[:]...)
}
