package crash

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
)

// witness is what this process is called among those that PostgreSQL serves.
const witness = "corral-crash-witness"

// connect opens the app's database beside the app, with its secret.
func connect(t *testing.T, databaseURL string) {
	t.Helper()
	c, err := config.Current()
	require.NoError(t, err)
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	query := u.Query()
	query.Set("application_name", witness)
	u.RawQuery = query.Encode()
	c.DatabaseURL, c.SessionSecrets = u.String(), []string{secret}
	require.NoError(t, models.Connect(c))
	t.Cleanup(func() { models.DB.Close() })
}

// linkIn is the token in the newest mail of a template to an address.
func linkIn(template, recipient string) string {
	m := &models.Mail{}
	err := models.DB.WithContext(context.Background()).Where("recipient = ? AND template = ?", recipient, template).Order("created_at DESC").First(m)
	if err != nil {
		panic("no " + template + " mail to " + recipient + ": " + err.Error())
	}
	rawToken, err := m.Token()
	if err != nil {
		panic(err)
	}
	return rawToken
}

// requireNothingByHalves looks at the database while nobody uses it.
func requireNothingByHalves(t *testing.T, people []*person) {
	t.Helper()
	waitForBackends(t)
	requireWhole(t)
	held := readFacts(t, people)
	for _, p := range people {
		p.settle(t, held[p.name])
		delete(held, p.name)
	}
	require.Empty(t, held, "of nobody that there is")
}

// settle finds out what became of the request that was cut short.
func (p *person) settle(t *testing.T, held facts) {
	t.Helper()
	if maps.Equal(p.world.facts, held) {
		p.maybe = nil // it was not carried out
		return
	}
	for _, w := range p.maybe {
		if maps.Equal(w.facts, held) {
			w.signedIn = w.signedIn && !p.doing.signsIn
			p.world, p.maybe, p.gone = w, nil, p.doing.name == "delete the account"
			p.cut++
			return
		}
	}
	var could []facts
	for _, w := range p.maybe {
		could = append(could, w.facts)
	}
	require.Failf(t, "done by halves", "%s: %q was cut short\nheld:   %v\nbefore: %v\nafter:  %v", p.name, p.doing.name, held, p.world.facts, could)
}

// holdings find what there is, each row as the address that it belongs to and a word for it.
var holdings = []string{
	"SELECT email, 'account ' || email AS fact FROM users",
	"SELECT email, 'password' AS fact FROM users WHERE password_digest <> ''",
	"SELECT email, 'sessions' AS fact FROM sessions JOIN users ON users.id = user_id",
	"SELECT email, 'devices' AS fact FROM devices JOIN users ON users.id = user_id",
	"SELECT COALESCE(users.email, tokens.email) AS email, 'token ' || purpose AS fact FROM tokens LEFT JOIN users ON users.id = user_id",
	"SELECT recipient AS email, 'mail ' || template || ' ' || recipient AS fact FROM mails",
}

// readFacts counts the rows of each person.
func readFacts(t *testing.T, people []*person) map[string]facts {
	t.Helper()
	held := map[string]facts{}
	add := func(name, fact string, count int) {
		if held[name] == nil {
			held[name] = facts{}
		}
		held[name][fact] += count
	}
	for _, query := range holdings {
		var rows []struct{ Email, Fact string }
		require.NoError(t, models.DB.Store.Select(&rows, query))
		for _, row := range rows {
			name, _, _ := strings.Cut(row.Email, ".")
			add(name, row.Fact, 1)
		}
	}
	var counts []struct {
		ID    string
		Tries int
	}
	require.NoError(t, models.DB.Store.Select(&counts, "SELECT id, tries FROM throttles WHERE tries > 0"))
	tries := map[string]int{}
	for _, count := range counts {
		tries[count.ID] = count.Tries
	}
	for _, p := range people {
		for n := range p.addresses {
			email := p.address(n + 1)
			for limit, fact := range map[string]string{"signup mail address": "asked to sign up", "login address": "mistakes " + email} {
				if count := tries[throttleID(limit, email)]; count > 0 {
					add(p.name, fact, count)
				}
			}
		}
	}
	return held
}

// throttleID is under what models counts the tries of an address.
func throttleID(limit, email string) string {
	mac := hmac.New(sha256.New, config.DeriveKey(secret, "throttle subjects"))
	mac.Write([]byte(limit + "\x00" + email))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// faults find what must never be there.
var faults = map[string]string{
	"a session of nobody":                 "SELECT count(*) FROM sessions LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL",
	"a device of nobody":                  "SELECT count(*) FROM devices LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL",
	"a token of nobody":                   "SELECT count(*) FROM tokens LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL AND user_id IS NOT NULL",
	"activity of nobody":                  "SELECT count(*) FROM activities LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL AND user_id IS NOT NULL",
	"an account that nobody can get into": "SELECT count(*) FROM users WHERE password_digest = '' AND NOT EXISTS (SELECT 1 FROM tokens WHERE purpose = 'reset' AND tokens.email = users.email)",
	"a mail that nobody will send":        "SELECT count(*) FROM mails WHERE due_at IS NULL AND sent_at IS NULL AND failed_at IS NULL",
	"a mail that lost its link":           "SELECT count(*) FROM mails WHERE sealed_token IS NULL AND sent_at IS NULL AND failed_at IS NULL AND template IN ('signup', 'reset', 'email_confirm', 'email_changed')",
	"a count that cannot be":              "SELECT count(*) FROM throttles WHERE tries < 0 OR tries > 100",
}

// requireWhole checks what holds whoever did what.
func requireWhole(t *testing.T) {
	t.Helper()
	for fault, query := range faults {
		var found int
		require.NoError(t, models.DB.Store.Get(&found, query))
		require.Zero(t, found, fault)
	}
	if models.DB.Dialect.Name() == "postgres" {
		return
	}
	var verdict string
	require.NoError(t, models.DB.Store.Get(&verdict, "PRAGMA integrity_check"))
	require.Equal(t, "ok", verdict)
	var broken int
	require.NoError(t, models.DB.Store.Get(&broken, "SELECT count(*) FROM pragma_foreign_key_check"))
	require.Zero(t, broken, "references to rows that are gone")
}

// waitForBackends waits until PostgreSQL has noticed that the app is dead: what
// was asked to commit does so still.
func waitForBackends(t *testing.T) {
	t.Helper()
	if models.DB.Dialect.Name() != "postgres" {
		return
	}
	require.Eventually(t, func() bool {
		var left int
		err := models.DB.Store.Get(&left, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> '`+witness+`'`)
		return err == nil && left == 0
	}, time.Minute, 5*time.Millisecond)
}
