package crash

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// requireConsistent checks the database while the app is down.
func requireConsistent(t *testing.T, a *app, people []*person) {
	t.Helper()
	waitForBackends(t, a)
	requireNoFaults(t, a)
	stored := readFacts(t, a, people)
	for _, p := range people {
		p.reconcile(t, stored[p.name])
		delete(stored, p.name)
	}
	require.Empty(t, stored, "facts without an account")
}

// reconcile finds out, from the facts in the database, whether the interrupted request
// took effect.
func (p *person) reconcile(t *testing.T, stored facts) {
	t.Helper()
	if p.current.name == "confirm" && p.possible != nil { // the answer with the new token is lost
		p.loggedIn = false
		delete(p.cookies, sessionCookie)
	}
	if maps.Equal(p.facts, stored) {
		p.possible = nil // the request had no effect
		return
	}
	for _, s := range p.possible {
		if maps.Equal(s.facts, stored) {
			s.loggedIn = s.loggedIn && !p.current.logsIn // the session cookie is lost with the answer
			p.state, p.possible, p.gone = s, nil, p.current.name == "delete the account"
			if p.current.name == "reset" {
				delete(p.cookies, deviceCookie) // no longer valid, and the answer with the new one is lost
			}
			p.unanswered++
			return
		}
	}
	var after []facts
	for _, s := range p.possible {
		after = append(after, s.facts)
	}
	require.Failf(t, "inconsistent", "%s: %q was interrupted\nstored: %v\nbefore: %v\nafter:  %v", p.name, p.current.name, stored, p.facts, after)
}

// factQueries select the facts in the database. Each row is an email and a fact about it.
var factQueries = []string{
	"SELECT email, 'account ' || email AS fact FROM users WHERE deleted_at IS NULL",
	"SELECT email, 'password' AS fact FROM users WHERE password_digest <> ''",
	"SELECT email, 'sessions' AS fact FROM sessions JOIN users ON users.id = user_id",
	"SELECT email, 'known browsers' AS fact FROM device_cookies JOIN users ON users.id = user_id",
	"SELECT COALESCE(users.email, tokens.email) AS email, 'token ' || purpose AS fact FROM tokens LEFT JOIN users ON users.id = user_id WHERE NOT redeemed",
	"SELECT recipient AS email, 'mail ' || template || ' ' || recipient AS fact FROM mails",
}

// readFacts returns the facts in the database, by name of person.
func readFacts(t *testing.T, a *app, people []*person) map[string]facts {
	t.Helper()
	stored := map[string]facts{}
	add := func(name, fact string, count int) {
		if stored[name] == nil {
			stored[name] = facts{}
		}
		stored[name][fact] += count
	}
	for _, query := range factQueries {
		rows, err := a.db.Query(query)
		require.NoError(t, err)
		for rows.Next() {
			var email, fact string
			require.NoError(t, rows.Scan(&email, &fact))
			name, _, _ := strings.Cut(email, ".")
			add(name, fact, 1)
		}
		require.NoError(t, rows.Err())
	}
	attempts := map[string]int{}
	rows, err := a.db.Query("SELECT id, attempts FROM rate_limits WHERE attempts > 0")
	require.NoError(t, err)
	for rows.Next() {
		var id string
		var count int
		require.NoError(t, rows.Scan(&id, &count))
		attempts[id] = count
	}
	require.NoError(t, rows.Err())
	for _, p := range people {
		for n := range p.emails {
			email := p.nthEmail(n + 1)
			for limit, fact := range map[string]string{"signup mail email": "requested sign-ups", "login email": "failures " + email} {
				if count := attempts[rateLimitID(limit, email)]; count > 0 {
					add(p.name, fact, count)
				}
			}
		}
	}
	return stored
}

func rateLimitID(limit, email string) string {
	mac := hmac.New(sha256.New, services.Key(binary.Secret, "rate limits"))
	mac.Write([]byte(limit + "\x00" + email))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// faults are queries that count rows which must not exist.
var faults = map[string]string{
	"a sign-up link that was not mailed":       "SELECT count(*) FROM tokens WHERE purpose = 'signup' AND NOT EXISTS (SELECT 1 FROM mails WHERE template = 'signup' AND recipient = tokens.email)",
	"a change of email that was not announced": "SELECT count(*) FROM tokens JOIN users ON users.id = user_id WHERE purpose = 'email_confirm' AND NOT redeemed AND (NOT EXISTS (SELECT 1 FROM mails WHERE template = 'email_confirm' AND recipient = tokens.email) OR NOT EXISTS (SELECT 1 FROM mails WHERE template = 'email_requested' AND recipient = users.email))",
	"a session without a user":                 "SELECT count(*) FROM sessions LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL",
	"a known browser without a user":           "SELECT count(*) FROM device_cookies LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL",
	"a token without a user":                   "SELECT count(*) FROM tokens LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL AND user_id IS NOT NULL",
	"activity without a user":                  "SELECT count(*) FROM activities LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL AND user_id IS NOT NULL",
	"an account without a password or a link":  "SELECT count(*) FROM users WHERE password_digest = '' AND deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM tokens WHERE purpose IN ('reset', 'invite') AND tokens.email = users.email)",
	"a mail that is never sent":                "SELECT count(*) FROM mails WHERE due_at IS NULL AND delivered_at IS NULL AND given_up_at IS NULL",
	"a mail that lost its link":                "SELECT count(*) FROM mails WHERE sealed_token IS NULL AND delivered_at IS NULL AND given_up_at IS NULL AND resolved IN ('', template) AND template IN ('signup', 'reset', 'email_confirm', 'email_requested', 'email_changed', 'new_browser', 'password_changed', 'account_deleted')",
	"an impossible count":                      "SELECT count(*) FROM rate_limits WHERE attempts < 0 OR attempts > 100",
}

func requireNoFaults(t *testing.T, a *app) {
	t.Helper()
	for fault, query := range faults {
		var rows int
		require.NoError(t, a.db.QueryRow(query).Scan(&rows))
		require.Zero(t, rows, fault)
	}
	if a.postgres() {
		return
	}
	var verdict string
	require.NoError(t, a.db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
	var broken int
	require.NoError(t, a.db.QueryRow("SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken))
	require.Zero(t, broken, "references to deleted rows")
}

// waitForBackends waits until PostgreSQL has finished the commits of the killed app.
func waitForBackends(t *testing.T, a *app) {
	t.Helper()
	if !a.postgres() {
		return
	}
	require.Eventually(t, func() bool {
		var backends int
		err := a.db.QueryRow(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> $1`, testName).Scan(&backends)
		return err == nil && backends == 0
	}, time.Minute, 5*time.Millisecond)
}
