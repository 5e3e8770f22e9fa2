package models

import (
	"cmp"
	"context"
	"log/slog"
	"math"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/ratelimit"
)

// RateLimited means too many attempts.
type RateLimited = ratelimit.Exceeded

// At most 100 attempts in a row: NIST SP 800-63B-4, 3.2.2. attempt.go uses these limits.
var (
	loginsPerEmail        = ratelimit.Limit{Name: "login email", Most: 100, Free: 5}
	loginsPerDeviceCookie = ratelimit.Limit{Name: "login device cookie", Most: 100, Free: 5}
	loginsPerClient       = ratelimit.Limit{Name: "login client", Most: 10, Window: 3 * time.Minute}

	// errorsPerClient limits errors that clients bring from providers. Prevents a flood of rows.
	errorsPerClient = ratelimit.Limit{Name: "provider error client", Most: 100, Window: 3 * time.Minute}

	// answersPerDeviceCookie limits passkeys, providers and codes. Passwords have a limit of
	// their own: a passkey of another account must not clear their failures.
	answersPerDeviceCookie = ratelimit.Limit{Name: "passkey device cookie", Most: 10, Window: 3 * time.Minute}

	// loginsPerEmailAndClient refuses nothing. It counts a client's failures with an email,
	// which a login of the client takes off loginsPerEmail.
	loginsPerEmailAndClient = ratelimit.Limit{Name: "login email and client", Most: math.MaxInt}
)

// changesPerAccount limits changes, each of which is mailed, and which an undo has to undo.
// undosPerAccount limits how often an undo clears its bucket.
var (
	changesPerAccount = ratelimit.Limit{Name: "changes account", Most: 100, Window: 24 * time.Hour}
	undosPerAccount   = ratelimit.Limit{Name: "undos account", Most: 10, Window: 24 * time.Hour}
)

// loginLine makes attempts wait while others in flight may free their buckets.
var loginLine ratelimit.Line

// mailsPerEmail limits the mails of a template that requests cause, also those about logins.
// Prevents a flood: an attacker with the password could log in again and again.
func mailsPerEmail(template string) ratelimit.Limit {
	return ratelimit.Limit{Name: template + " mail email", Most: cmp.Or(map[string]int{MailNewBrowser: 10, MailNotPassed: 10}[template], 3), Window: time.Hour}
}

// bucketOf returns the bucket of a limit for an email or device cookie.
func bucketOf(limit ratelimit.Limit, subject string) ratelimit.Bucket {
	return limit.Bucket(limitDigest, subject)
}

// clearMails allows a template's mails to an email again, when earlier ones have become void.
func clearMails(tx *pop.Connection, template, email string) error {
	return bucketOf(mailsPerEmail(template), email).Clear(tx)
}

// limitDigest names buckets: a leaked table names no email.
func limitDigest(text string) string { return secrets.Digest("rate limits", text) }

// requestMail is limitMail for a mail that a client requests. It also counts the mails
// of the client.
func requestMail(ctx context.Context, template string, client Client, email string, queue func(tx *pop.Connection) error) error {
	perClient := ratelimit.Limit{Name: template + " mail client", Most: settings.MailsPerClient, Window: time.Hour}
	buckets := perClient.OfClient(limitDigest, client.IP)
	if err := buckets.Peek(DB.WithContext(ctx), Clock.Now()); err != nil { // prevents a flood of transactions
		return err
	}
	return inTransactionWithMail(ctx, func(tx *pop.Connection) error {
		if err := buckets.Take(tx, Clock.Now()); err != nil {
			return err
		}
		return limitMail(tx, template, email, queue)
	})
}

// limitMail counts a mail and runs queue. Over the limit of the email it undoes the work of
// queue: neither result nor time tells how often a mail was requested.
func limitMail(tx *pop.Connection, template, email string, queue func(tx *pop.Connection) error) error {
	withheld, err := ratelimit.Buckets{bucketOf(mailsPerEmail(template), email)}.TakeOrUndo(tx, Clock.Now(), queue)
	if withheld {
		slog.InfoContext(tx.Context(), "mail withheld", "template", template, "email_digest", EmailDigest(email))
	}
	return err
}

// answerBuckets returns the buckets for a code, or an answer of an authenticator or provider: the
// client's buckets or, for a browser known to one of the accounts (to any account, if none is
// given), the browser's bucket, which attackers cannot fill.
func (c Client) answerBuckets(tx *pop.Connection, accounts ...uuid.UUID) (ratelimit.Buckets, error) {
	known, err := deviceCookies.Known(tx, c.RawDeviceCookie, accounts...)
	if known != nil {
		return ratelimit.Buckets{bucketOf(answersPerDeviceCookie, string(known))}, err
	}
	return loginsPerClient.OfClient(limitDigest, c.IP), err
}
