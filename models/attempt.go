package models

import (
	"context"
	"fmt"
	"strings"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/email"
	"corral/internal/ratelimit"
	"corral/internal/secret"
)

// attempt is one use of credentials. It is counted and recorded as failed before
// hashing, so that disconnecting cannot hide it.
type attempt struct {
	buckets    []ratelimit.Bucket
	activityID uuid.UUID
}

// begin counts and records an attempt, or returns *RateLimited after one query.
func (with Credentials) begin(ctx context.Context, kind string) (*attempt, error) {
	normalized, ok := email.Normalize(with.Email)
	subject := normalized
	if !ok { // counted all the same: prevents enumeration
		subject = strings.ToLower(strings.TrimSpace(with.Email))
	}
	buckets, err := openBuckets(ctx, normalized, subject, with.Client)
	if err != nil {
		return nil, err
	}
	a := &attempt{buckets: buckets}
	return a, inTransaction(ctx, func(tx *pop.Connection) error {
		// First: locks the account before the buckets, as Delete does.
		if a.activityID, err = recordAttempt(tx, normalized, kind, with.Client); err != nil {
			return err
		}
		for _, b := range a.buckets {
			if err := take(tx, b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *attempt) succeed(tx *pop.Connection, kind string) error {
	if err := tx.RawQuery("UPDATE activities SET kind = ? WHERE id = ?", kind, a.activityID).Exec(); err != nil {
		return fmt.Errorf("recording %s: %w", kind, err)
	}
	return ratelimit.Refund(tx, a.buckets...)
}

func (a *attempt) discard(tx *pop.Connection) error {
	if err := tx.RawQuery("DELETE FROM activities WHERE id = ?", a.activityID).Exec(); err != nil {
		return fmt.Errorf("discarding an attempt: %w", err)
	}
	return ratelimit.Refund(tx, a.buckets...)
}

// openBuckets returns the buckets of an attempt: those of client and email, or
// that of a known browser, which attackers cannot fill. It returns *RateLimited
// if one is full.
func openBuckets(ctx context.Context, normalized, subject string, client Client) ([]ratelimit.Bucket, error) {
	deviceCookie := bucketOf(loginsPerDeviceCookie, string(secret.TokenDigest(client.RawDeviceCookie)))
	buckets := []ratelimit.Bucket{bucketOf(loginsPerClient, ratelimit.Subject(client.IP)), bucketOf(loginsPerEmail, subject)}
	counts, known, err := countBuckets(ctx, normalized, client.RawDeviceCookie, deviceCookie.Row, buckets[0].Row, buckets[1].Row)
	if err != nil {
		return nil, err
	}
	if known {
		buckets = []ratelimit.Bucket{deviceCookie}
	}
	var longest *RateLimited
	for _, b := range buckets {
		if l := b.Check(counts[b.Row], Clock.Now()); l != nil && (longest == nil || l.RetryAfter > longest.RetryAfter) {
			longest = l
		}
	}
	if longest != nil { // a nil *RateLimited would be a non-nil error
		return nil, longest
	}
	return buckets, nil
}

// countBuckets also reports whether the browser is known, in the same query.
func countBuckets(ctx context.Context, normalized, rawDeviceCookie string, ids ...any) (counts map[string]ratelimit.Count, known bool, err error) {
	const knownBrowser = "known browser"
	var rows []ratelimit.Count
	err = DB.WithContext(ctx).RawQuery(`
		SELECT id, attempts, since_ms, open_ms FROM rate_limits WHERE id IN (?, ?, ?)
		UNION ALL
		SELECT '`+knownBrowser+`', 0, 0, 0 FROM device_cookies JOIN users ON users.id = device_cookies.user_id
		WHERE device_cookies.token_digest = ? AND device_cookies.expires_at > ? AND users.email = ?`,
		append(ids, secret.TokenDigest(rawDeviceCookie), Clock.Now(), normalized)...).All(&rows)
	if err != nil {
		return nil, false, fmt.Errorf("looking up rate limits: %w", err)
	}
	counts = map[string]ratelimit.Count{}
	for _, row := range rows {
		counts[row.ID] = row
	}
	_, known = counts[knownBrowser]
	return counts, known, nil
}
