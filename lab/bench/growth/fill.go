package growth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"corral/models"
)

// limitedEmail is an email whose rate limit is full.
const limitedEmail = "carol@example.com"

// password is the password of the active users.
const password = "four random words work well"

func email(n int) string { return fmt.Sprintf("person%d@example.com", n) }

// nth returns the row number of the n-th active user. They are spread over the table.
func nth(n, size int) int { return 1 + n*(size/active) }

// rawToken returns the session token of the n-th active user.
func rawToken(n, size int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "active %d", n))
	return idOf(nth(n, size)) + "." + base64.RawURLEncoding.EncodeToString(sum[:])
}

// table says how to fill a table. It gets a row for each i from 1 to size/part.
type table struct {
	name    string
	part    int
	columns string
	values  string
}

var sessions = table{"sessions", 1, "id, user_id, token_digest, remembered, ip, last_seen_ip, user_agent, created_at, last_seen_at",
	"ID, ID, BYTES, TRUE, '192.0.2.1', '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', NOW, NOW"}

// tables are in the order of their foreign keys. The words in capitals are replaced by
// expressions of the dialect.
var tables = []table{
	{"users", 1, "id, email, language, password_digest, created_at, updated_at",
		"ID, 'person' || i || '@example.com', '', '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', NOW, NOW"},
	sessions,
	{"rate_limits", 1, "id, attempts, pending, last_ms, open_ms, purge_ms", "TEXT43, 1, 0, EPOCH_MS, 0, EPOCH_MS + 86400000"},
	{"device_cookies", 10, "id, user_id, token_digest, created_at, expires_at", "ID, ID, BYTES, NOW, LATER"},
	{"activities", 10, "id, user_id, kind, ip, network, user_agent, created_at, shorten_at",
		"ID, ID, 'login', '192.0.2.1', '192.0.2.0/24', 'Mozilla/5.0 (X11; Linux x86_64)', NOW, LATER"},
}

// dialects are the SQL of each database.
var dialects = map[string]struct {
	id            string // format for the id of row %s
	someone       string // expression for the row number of a random one of %d users
	words         []string
	series        string
	before, after []string // disable and enable again what makes filling slow
	settled       string   // writes pending changes to the database file
}{
	"sqlite3": {
		"printf('%%08x-0000-7000-8000-000000000000', %s)", "1 + abs(random() %% %d)",
		[]string{"BYTES", "randomblob(32)", "TEXT43", "hex(randomblob(21)) || 'x'"},
		"(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s)",
		[]string{"PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"},
		[]string{"PRAGMA synchronous = FULL", "PRAGMA wal_checkpoint(TRUNCATE)"}, // otherwise the system writes to the disk during the measurement
		"PRAGMA wal_checkpoint(RESTART); PRAGMA user_version = 0",                // the second statement begins a new log
	},
	"postgres": {
		"(lpad(to_hex(%s), 8, '0') || '-0000-7000-8000-000000000000')::uuid", "1 + floor(random() * %d)::int",
		[]string{"BYTES", "sha256(int4send(i))", "TEXT43", "left(encode(sha256(int4send(i)), 'hex'), 43)"},
		"generate_series(1, %d) AS i",
		[]string{"SET session_replication_role = replica", "SET maintenance_work_mem = '512MB'"},
		[]string{"RESET session_replication_role", "VACUUM ANALYZE", "CHECKPOINT"},
		"SELECT 1", // PostgreSQL writes its log by itself
	},
}

// idOf returns the id of the i-th row.
func idOf(i int) string { return fmt.Sprintf("%08x-0000-7000-8000-000000000000", i) }

// insert returns the statement that adds rows to a table, which has before rows now.
// SOMEONE is a random one of the given number of users.
func insert(t table, rows, before, users int) string {
	const layout = "'2006-01-02 15:04:05.999999'"
	d, now := dialects[models.DB.Dialect.Name()], time.Now().UTC()
	words := strings.NewReplacer(append(d.words,
		"ID", fmt.Sprintf(d.id, fmt.Sprintf("i + %d", before)), "SOMEONE", fmt.Sprintf(d.id, fmt.Sprintf(d.someone, users)),
		"NOW", now.Format(layout), "LATER", now.AddDate(1, 0, 0).Format(layout), "LONG_AGO", now.AddDate(-1, 0, 0).Format(layout),
		"EPOCH_MS", fmt.Sprint(now.UnixMilli()))...)
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM "+d.series, t.name, t.columns, words.Replace(t.values), rows)
}

// fill fills the tables, and gives the active users passwords and session tokens.
func fill(ctx context.Context, conn *sql.Conn, size int) error {
	d := dialects[models.DB.Dialect.Name()]
	indexes, err := dropIndexes(ctx, conn)
	if err != nil {
		return err
	}
	statements := d.before
	for _, t := range tables {
		statements = append(statements, insert(t, size/t.part, 0, size))
	}
	statements = append(statements, indexes...)
	if err := execute(ctx, conn, append(statements, d.after...)...); err != nil {
		return err
	}
	return activate(ctx, size)
}

// activate sets the session tokens and passwords of the active users.
func activate(ctx context.Context, size int) error {
	pattern, err := models.CreateUser(ctx, "pattern@example.com", "")
	if err != nil {
		return err
	}
	if err := pattern.SetPassword(ctx, password); err != nil {
		return err
	}
	for n := range active {
		id, digest := idOf(nth(n, size)), sha256.Sum256([]byte(rawToken(n, size)))
		if err := models.DB.RawQuery("UPDATE sessions SET token_digest = ? WHERE id = ?", digest[:], id).Exec(); err != nil {
			return err
		}
		if err := models.DB.RawQuery("UPDATE users SET password_digest = ? WHERE id = ?", pattern.PasswordDigest, id).Exec(); err != nil {
			return err
		}
	}
	return nil
}

func execute(ctx context.Context, conn *sql.Conn, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%w: %.200s", err, s)
		}
	}
	return nil
}

// addExpired adds sessions of random users that expired a year ago. They are in the
// database file, not in its log or in the app's caches, as when a janitor purges them.
func addExpired(count int) func(ctx context.Context, d *database) error {
	t := sessions
	t.values = strings.ReplaceAll(strings.Replace(t.values, "ID, ID", "ID, SOMEONE", 1), "NOW", "LONG_AGO")
	return func(ctx context.Context, d *database) error {
		d.made += count
		return execute(ctx, d.conn, insert(t, count, d.made-count, d.size), dialects[models.DB.Dialect.Name()].settled)
	}
}

// dropIndexes drops all indexes except primary keys, and returns the statements that
// create them. Creating them after filling is much faster.
func dropIndexes(ctx context.Context, conn *sql.Conn) (create []string, err error) {
	query := "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name <> 'schema_migration'"
	if models.DB.Dialect.Name() == "postgres" {
		query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%pkey' AND tablename <> 'schema_migration'"
	}
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	var drop []string
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		drop, create = append(drop, "DROP INDEX "+name), append(create, text)
	}
	for _, s := range drop {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return nil, err
		}
	}
	return create, rows.Err()
}
