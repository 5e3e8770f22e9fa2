package models

import (
	"context"
	"errors"
	"strings"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/devicecookie"
	"corral/internal/email"
	"corral/internal/password"
	"corral/internal/ratelimit"
)

// attempt is one use of credentials. It is counted and recorded as failed before
// hashing, so that disconnecting cannot hide it.
type attempt struct {
	buckets    ratelimit.Buckets
	failures   int  // in a row before this attempt: of the client with this email, or of the known browser
	known      bool // the client is a known browser
	activityID uuid.UUID
}

// use makes an attempt: it verifies the credentials, and calls onSuccess in a transaction that
// records the attempt as the returned kind, or not at all for "". It returns
// *RateLimited, ErrBadCredentials, or an error after which the attempt does not count.
func (c Credentials) use(ctx context.Context, failedKind string, onSuccess func(tx *pop.Connection, user *User) (kind string, err error)) (user *User, err error) {
	var a *attempt
	err = loginLine.Start(ctx, func() (err error) {
		a, err = c.begin(ctx, failedKind)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer loginLine.Wake(a.buckets)
	if user, err = c.verify(ctx, password.Place{Network: c.Client.network(), Known: a.known}); err == nil {
		err = inTransactionWithMail(ctx, func(tx *pop.Connection) error {
			kind, err := onSuccess(tx, user)
			if err != nil {
				return err
			}
			return a.refund(tx, kind, a.failures)
		})
	}
	if err != nil {
		return nil, errors.Join(err, a.end(ctx, errors.Is(err, ErrBadCredentials)))
	}
	return user, nil
}

// begin records an attempt and counts it in the buckets of client and email, or in the bucket
// of a known browser, which attackers cannot fill. If a bucket is full, it returns *RateLimited
// after a single query.
func (c Credentials) begin(ctx context.Context, kind string) (*attempt, error) {
	normalized, ok := email.Normalize(c.Email)
	subject := normalized
	if !ok { // counted all the same: prevents enumeration
		subject = strings.ToLower(strings.TrimSpace(c.Email))
	}
	perEmail, perDeviceCookie := loginsPerEmail, loginsPerDeviceCookie
	if kind == ActivityPasswordFailed { // they end the session: no wait before that
		perEmail.Free, perDeviceCookie.Free = maxFailedConfirmations+1, maxFailedConfirmations+1
	}
	var perBrowser ratelimit.Buckets // one for each token of the device cookie
	digests := devicecookie.Digests(c.Client.RawDeviceCookie)
	for _, digest := range digests {
		perBrowser = append(perBrowser, bucketOf(perDeviceCookie, string(digest)))
	}
	buckets := loginsPerClient.OfClient(limitDigest, c.Client.IP)
	inRow := bucketOf(loginsPerEmailAndClient, subject+"\x00"+buckets[0].ID)
	buckets = append(buckets, inRow, bucketOf(perEmail, subject))
	counts, known, err := countBuckets(ctx, normalized, digests, append(buckets.IDs(), perBrowser.IDs()...))
	if err != nil {
		return nil, err
	}
	if known >= 0 {
		buckets, inRow = perBrowser[known:known+1], perBrowser[known]
	}
	if err := buckets.Check(counts, Clock.Now()); err != nil {
		return nil, err
	}
	a := &attempt{buckets: buckets, known: known >= 0}
	return a, inTransaction(ctx, func(tx *pop.Connection) error {
		// First: the user's row is locked before the buckets, see lockUser.
		if a.activityID, err = recordAttempt(tx, normalized, kind, c.Client); err != nil {
			return err
		}
		before, err := buckets.Start(tx, Clock.Now())
		a.failures = before[inRow.ID].Failures()
		return err
	})
}

// end keeps a failed attempt counted and discards any other, even if the client is gone.
func (a *attempt) end(ctx context.Context, failed bool) error {
	ctx, cancel := database.Detached(ctx)
	defer cancel()
	if failed {
		return a.buckets.Fail(DB.WithContext(ctx))
	}
	return inTransaction(ctx, func(tx *pop.Connection) error { return a.refund(tx, "", 0) })
}

// refund records the attempt as the kind, or not at all for "", and takes the attempt and the
// failures before it off the counts. Failures of other clients stay counted: otherwise an
// attacker would see that the email has an account.
func (a *attempt) refund(tx *pop.Connection, kind string, failures int) (err error) {
	if kind == "" {
		_, err = exec(tx, "discarding an attempt", "DELETE FROM activities WHERE id = ?", a.activityID)
	} else {
		_, err = exec(tx, "recording an attempt", "UPDATE activities SET kind = ? WHERE id = ?", kind, a.activityID)
	}
	if err != nil {
		return err
	}
	return a.buckets.Refund(tx, failures)
}

// countBuckets reads the counts of buckets in one query. known is the index of the digest by
// which the account knows the browser, or -1.
func countBuckets(ctx context.Context, normalized string, digests [][]byte, ids []string) (counts ratelimit.Counts, known int, err error) {
	const knownBrowser = "known browser"
	counts, err = ratelimit.Read(DB.WithContext(ctx), ids, `
		UNION ALL SELECT '`+knownBrowser+`', CASE token_digest WHEN ? THEN 0 WHEN ? THEN 1 ELSE 2 END, 0, 0, 0, 0
		FROM device_cookies JOIN users ON users.id = device_cookies.user_id
		WHERE device_cookies.token_digest IN (?) AND device_cookies.expires_at > ? AND users.email = ?`,
		digests[0], digests[1], digests, Clock.Now(), normalized)
	if token, found := counts[knownBrowser]; found {
		return counts, token.Attempts, err
	}
	return counts, -1, err
}

// Lock locks an email, as 100 failed attempts in a row do.
func Lock(ctx context.Context, email string) error {
	return bucketOf(loginsPerEmail, email).Fill(DB.WithContext(ctx), Clock.Now())
}
