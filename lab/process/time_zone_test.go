package process

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

var timeElement = regexp.MustCompile(`<time datetime="([^"]+)">([^<]+)</time>`)

// When summer time begins or ends on a machine or in PostgreSQL, no session, wait or link
// may last an hour longer or shorter: times are stored, logged and shown in UTC. The test
// uses nodes whose time zones are 25 hours apart, on a database in a third zone, so that
// a time that is not in UTC is noticed.
func TestTimeZone_MovesNothing(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		db := services.OpenDatabase(t, strings.TrimPrefix(database, "DATABASE_URL="))
		if strings.Contains(database, "postgres://") {
			_, err := db.Exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kathmandu''', current_database()); END $$`)
			require.NoError(t, err)
		}
		password := seed(t, dir, database)["ada@example.com"]
		node := func(zone string) *process {
			p := start(t, dir, binary.Production(database, "TZ="+zone, "SESSION_IDLE=5m")...)
			p.URL = strings.Replace(p.URL, "http:", "https:", 1)
			return p
		}
		browser := func(p *process) *http.Client {
			b := p.browser()
			b.Transport = tlsProxy{}
			return b
		}
		nodes := []*process{node("Pacific/Kiritimati"), node("Pacific/Pago_Pago")}
		east, west := nodes[0], nodes[1]
		for i, p := range nodes {
			b := browser(p)
			require.Equal(t, 303, p.logIn(b, "ada@example.com", password))
			times := timeElement.FindAllStringSubmatch(nodes[1-i].page(b, "/account/sessions"), -1)
			require.NotEmpty(t, times)
			for _, match := range times {
				at := requireRecent(t, time.RFC3339, match[1])
				require.Equal(t, at.UTC().Format("Jan 2, 2006, 3:04 PM UTC"), match[2])
			}
			require.Equal(t, 303, p.request(b, "POST", "/password/forgot", url.Values{"email": {"ada@example.com"}}).StatusCode)
		}

		attacker := browser(east)
		for n := range 10 {
			require.Equal(t, 422, east.logIn(attacker, fmt.Sprintf("nobody%d@example.com", n), "wrong"))
		}
		res := west.request(attacker, "POST", "/login", url.Values{"email": {"ada@example.com"}, "password": {password}})
		require.Equal(t, 429, res.StatusCode)
		wait, err := strconv.Atoi(res.Header.Get("Retry-After"))
		require.NoError(t, err)
		require.LessOrEqual(t, wait, 180)

		for _, column := range []string{"users.created_at", "sessions.last_seen_at", "activities.created_at", "mails.created_at"} {
			table, _, _ := strings.Cut(column, ".")
			var newest string
			require.NoError(t, db.QueryRow("SELECT max(substr(CAST("+column+" AS TEXT), 1, 19)) FROM "+table).Scan(&newest))
			requireRecent(t, time.DateTime, newest)
		}
		for line := range strings.Lines(east.Out.String() + west.Out.String()) {
			var entry struct{ Time string }
			require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
			requireRecent(t, "2006-01-02T15:04:05.999999999Z", entry.Time)
		}
	})
}

// requireRecent requires a time of the last minutes, and returns it.
func requireRecent(t *testing.T, layout, text string) time.Time {
	t.Helper()
	at, err := time.Parse(layout, text)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, 5*time.Minute)
	return at
}
