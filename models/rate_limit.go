package models

import (
	"context"
	"log/slog"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
	"corral/internal/ratelimit"
)

// RateLimited means too many attempts.
type RateLimited = ratelimit.Exceeded

// At most 100 attempts in a row: NIST SP 800-63B-4, 3.2.2.
var (
	loginsPerEmail        = ratelimit.Limit{Name: "login email", Most: 100, Free: 5}
	loginsPerDeviceCookie = ratelimit.Limit{Name: "login device cookie", Most: 100, Free: 5}
	loginsPerClient       = ratelimit.Limit{Name: "login client", Most: 10, Window: 3 * time.Minute}

	signupsPerEmail      = ratelimit.Limit{Name: "signup mail email", Most: 3, Window: time.Hour}
	resetsPerEmail       = ratelimit.Limit{Name: "reset mail email", Most: 3, Window: time.Hour}
	emailChangesPerEmail = ratelimit.Limit{Name: "email change mail email", Most: 3, Window: time.Hour}
	mailsPerClient       = ratelimit.Limit{Name: "mail client", Most: 10, Window: time.Hour}
)

// bucketOf returns the bucket of a limit for an email, device cookie or client.
// Its name is a keyed digest: a leaked table names no email.
func bucketOf(limit ratelimit.Limit, subject string) ratelimit.Bucket {
	return limit.Bucket(func(text string) string { return secrets.Digest("rate limits", text) }, subject)
}

func take(tx *pop.Connection, b ratelimit.Bucket) error { return b.Take(tx, b.Row, Clock.Now()) }

func clearLimit(tx *pop.Connection, email string) error {
	b := bucketOf(loginsPerEmail, email)
	return b.Clear(tx, b.Row)
}

func peek(ctx context.Context, b ratelimit.Bucket) (ratelimit.Count, *RateLimited, error) {
	count, err := b.Peek(DB.WithContext(ctx), b.Row)
	return count, b.Check(count, Clock.Now()), err
}

// requestMail counts a request for a mail and runs queue. Over the limit of the
// email it undoes the work of queue: neither result nor time tells how often a
// mail was requested.
func requestMail(ctx context.Context, perEmail ratelimit.Limit, client Client, email string, queue func(tx *pop.Connection) error) error {
	return announcing(ctx, func(tx *pop.Connection) error {
		if err := take(tx, bucketOf(mailsPerClient, ratelimit.Subject(client.IP))); err != nil {
			return err
		}
		err := take(tx, bucketOf(perEmail, email))
		if _, limited := err.(*RateLimited); limited {
			slog.InfoContext(ctx, "mail withheld")
			return database.Undone(tx, queue)
		}
		if err != nil {
			return err
		}
		return queue(tx)
	})
}
