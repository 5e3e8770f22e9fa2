package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Findings are what the database tells about the person at an address: why they
// cannot log in, an operator wants to know.
type Findings struct {
	Email     string
	User      *User        // nil: no account
	Tries     int          // failed ones in a row, in browsers that are not known
	Throttled *Throttled   // nil: such a browser may try
	Devices   []*Throttled // one for each known browser; nil: it may try
	NoMail    []string     // templates of which no more is sent for now
	Failures  []Activity   // the newest first
	Mails     []Mail       // the newest first
	Tokens    []Token      // whose links work
	Sessions  []Session    // the newest seen first
	Similar   []string     // addresses of accounts, one letter away from an address without
}

// newestFindings is how much of each an operator wants to read.
const newestFindings = 5

// FindOut looks up all that there is about a normalised address.
func FindOut(ctx context.Context, email string) (f *Findings, err error) {
	f = &Findings{Email: email}
	if f.User, err = FindUserByEmail(ctx, email); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	steps := []func(context.Context) error{f.findThrottles, f.findMails, f.findTokens}
	if f.User == nil {
		steps = append(steps, f.findSimilar)
	} else {
		steps = append(steps, f.findDevices, f.findFailures, f.findSessions)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Findings) findThrottles(ctx context.Context) error {
	row, err := loginsPerAddress.count(DB.WithContext(ctx), f.Email)
	if err != nil {
		return err
	}
	f.Tries, f.Throttled = row.Tries, loginsPerAddress.refuse(row)
	for template, limit := range map[string]limit{MailSignup: signupsPerAddress, MailReset: resetsPerAddress, MailEmailConfirm: emailChangesPerAddress} {
		row, err := limit.count(DB.WithContext(ctx), f.Email)
		if err != nil {
			return err
		}
		if limit.refuse(row) != nil {
			f.NoMail = append(f.NoMail, template)
		}
	}
	return nil
}

func (f *Findings) findDevices(ctx context.Context) error {
	var devices []Device
	err := DB.WithContext(ctx).Where("user_id = ? AND expires_at > ?", f.User.ID, Clock.Now()).All(&devices)
	if err != nil {
		return fmt.Errorf("listing devices: %w", err)
	}
	for _, device := range devices {
		row, err := loginsPerDevice.count(DB.WithContext(ctx), string(device.TokenDigest))
		if err != nil {
			return err
		}
		f.Devices = append(f.Devices, loginsPerDevice.refuse(row))
	}
	return nil
}

func (f *Findings) findFailures(ctx context.Context) error {
	err := DB.WithContext(ctx).Where("user_id = ? AND kind IN (?, ?)", f.User.ID, ActivityLoginFailed, ActivityPasswordFailed).
		Order("created_at DESC, id DESC").Limit(newestFindings).All(&f.Failures)
	if err != nil {
		return fmt.Errorf("listing failures: %w", err)
	}
	return nil
}

func (f *Findings) findMails(ctx context.Context) error {
	err := DB.WithContext(ctx).Where("recipient = ?", f.Email).Order("created_at DESC").Limit(newestFindings).All(&f.Mails)
	if err != nil {
		return fmt.Errorf("listing mails: %w", err)
	}
	return nil
}

func (f *Findings) findTokens(ctx context.Context) error {
	user := f.User
	if user == nil {
		user = &User{} // whose id no token has
	}
	err := DB.WithContext(ctx).Where("(email = ? OR user_id = ?) AND expires_at > ?", f.Email, user.ID, Clock.Now()).All(&f.Tokens)
	if err != nil {
		return fmt.Errorf("listing tokens: %w", err)
	}
	return nil
}

func (f *Findings) findSessions(ctx context.Context) (err error) {
	f.Sessions, err = SessionsOf(ctx, f.User)
	return err
}

func (f *Findings) findSimilar(ctx context.Context) error {
	var variants []any
	for _, variant := range oneLetterAway(f.Email) {
		variants = append(variants, variant)
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(variants)), ", ")
	err := DB.WithContext(ctx).RawQuery("SELECT email FROM users WHERE email IN ("+marks+") ORDER BY email", variants...).All(&f.Similar)
	if err != nil {
		return fmt.Errorf("looking for similar addresses: %w", err)
	}
	return nil
}

// oneLetterAway are the addresses that a slip of the finger turns into email: a
// letter too many, too few or wrong, or two in each other's place.
func oneLetterAway(email string) (variants []string) {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789.-_+@"
	for i := range len(email) + 1 {
		before, after := email[:i], email[i:]
		for _, letter := range letters {
			variants = append(variants, before+string(letter)+after)
			if after != "" {
				variants = append(variants, before+string(letter)+after[1:])
			}
		}
		if after != "" {
			variants = append(variants, before+after[1:])
		}
		if len(after) > 1 {
			variants = append(variants, before+after[1:2]+after[:1]+after[2:])
		}
	}
	return variants
}

// Reserved returns the link that keeps the address for an account that had it
// until lately, or nil.
func (f *Findings) Reserved() *Token {
	for _, token := range f.Tokens {
		if token.Purpose == PurposeEmailUndo && token.Email == f.Email {
			return &token
		}
	}
	return nil
}

// Overdue says whether a mail waits longer than a worker ever lets it.
func (m *Mail) Overdue() bool {
	return m.DueAt.Valid && m.DueAt.Time.Add(mailLease+time.Minute).Before(Clock.Now())
}
