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

// limitedEmail is an email whose bucket is full.
const limitedEmail = "carol@example.com"

// password is the password of the active users.
const password = "four random words work well"

// activeRow returns the row number of the n-th active user, in the tables of users and
// of sessions. The active users are spread over the tables.
func activeRow(n, size int) int { return 1 + n*(size/active) }

// activeEmail returns the email of the n-th active user.
func activeEmail(n, size int) string {
	return fmt.Sprintf("person%d@example.com", activeRow(n, size))
}

// rawToken returns the session token of the n-th active user.
func rawToken(n, size int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "active %d", n))
	return idOf(activeRow(n, size)) + "." + base64.RawURLEncoding.EncodeToString(sum[:])
}

// table says how to fill a table: with a row for each i from 1 to size/divisor.
type table struct {
	name    string
	divisor int
	columns string
	values  string // expressions of the columns; the words in capitals are placeholders
}

var sessions = table{
	name: "sessions", divisor: 1,
	columns: "id, user_id, token_digest, remembered, ip, last_seen_ip, user_agent, created_at, last_seen_at",
	values:  "ID, ID, BYTES, TRUE, '192.0.2.1', '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', NOW, NOW",
}

// tables are in the order of their foreign keys.
var tables = []table{
	{name: "users", divisor: 1, columns: "id, email, language, password_digest, created_at, updated_at",
		values: "ID, 'person' || i || '@example.com', '', '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', NOW, NOW"},
	sessions,
	{name: "rate_limits", divisor: 1, columns: "id, attempts, pending, last_ms, open_ms, purge_ms",
		values: "TEXT43, 1, 0, EPOCH_MS, 0, EPOCH_MS + 86400000"},
	{name: "device_cookies", divisor: 10, columns: "id, user_id, token_digest, created_at, expires_at",
		values: "ID, ID, BYTES, NOW, LATER"},
	{name: "activities", divisor: 10, columns: "id, user_id, kind, ip, network, user_agent, created_at, shorten_at",
		values: "ID, ID, 'login', '192.0.2.1', '192.0.2.0/24', 'Mozilla/5.0 (X11; Linux x86_64)', NOW, LATER"},
}

// dialects are the SQL of each database.
var dialects = map[string]struct {
	id           string   // format of the ID of row %s
	randomRow    string   // format of a random row number from 1 to %d
	placeholders []string // placeholders and their expressions, in pairs
	numbers      string   // format of the FROM item with the numbers i from 1 to %d
	beforeFill   []string // disable what makes filling slow
	afterFill    []string // restore normal writes, and write everything to the disk
	checkpoint   string   // moves new rows from the WAL to the database file
}{
	"sqlite3": {
		id:           "printf('%%08x-0000-7000-8000-000000000000', %s)",
		randomRow:    "1 + abs(random() %% %d)",
		placeholders: []string{"BYTES", "randomblob(32)", "TEXT43", "hex(randomblob(21)) || 'x'"},
		numbers:      "(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s)",
		beforeFill:   []string{"PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"},
		afterFill:    []string{"PRAGMA synchronous = FULL", "PRAGMA wal_checkpoint(TRUNCATE)"}, // otherwise the system writes to the disk during the measurement
		checkpoint:   "PRAGMA wal_checkpoint(RESTART); PRAGMA user_version = 0",                // the second statement begins a new WAL
	},
	"postgres": {
		id:           "(lpad(to_hex(%s), 8, '0') || '-0000-7000-8000-000000000000')::uuid",
		randomRow:    "1 + floor(random() * %d)::int",
		placeholders: []string{"BYTES", "sha256(int4send(i))", "TEXT43", "left(encode(sha256(int4send(i)), 'hex'), 43)"},
		numbers:      "generate_series(1, %d) AS i",
		beforeFill:   []string{"SET session_replication_role = replica", "SET maintenance_work_mem = '512MB'"},
		afterFill:    []string{"RESET session_replication_role", "VACUUM ANALYZE", "CHECKPOINT"},
		checkpoint:   "SELECT 1", // does nothing: PostgreSQL never reads rows from its WAL
	},
}

// idOf returns the ID of the i-th row.
func idOf(i int) string { return fmt.Sprintf("%08x-0000-7000-8000-000000000000", i) }

// insert returns the statement that adds rows to a table, which has offset rows now.
// RANDOM_USER is the ID of a random user.
func insert(t table, rows, offset, users int) string {
	const layout = "'2006-01-02 15:04:05.999999'"
	d, now := dialects[models.DB.Dialect.Name()], time.Now().UTC()
	placeholders := strings.NewReplacer(append(d.placeholders,
		"ID", fmt.Sprintf(d.id, fmt.Sprintf("i + %d", offset)), "RANDOM_USER", fmt.Sprintf(d.id, fmt.Sprintf(d.randomRow, users)),
		"NOW", now.Format(layout), "LATER", now.AddDate(1, 0, 0).Format(layout), "LONG_AGO", now.AddDate(-1, 0, 0).Format(layout),
		"EPOCH_MS", fmt.Sprint(now.UnixMilli()))...)
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM "+d.numbers, t.name, t.columns, placeholders.Replace(t.values), rows)
}

// fill fills the tables, and gives the active users passwords and session tokens.
func fill(ctx context.Context, conn *sql.Conn, size int) error {
	d := dialects[models.DB.Dialect.Name()]
	indexes, err := dropIndexes(ctx, conn)
	if err != nil {
		return err
	}
	statements := d.beforeFill
	for _, t := range tables {
		statements = append(statements, insert(t, size/t.divisor, 0, size))
	}
	statements = append(statements, indexes...)
	if err := execute(ctx, conn, append(statements, d.afterFill...)...); err != nil {
		return err
	}
	return activate(ctx, size)
}

// activate sets the session tokens and passwords of the active users.
func activate(ctx context.Context, size int) error {
	// All get the digest of one user: hashing a password for each would take long.
	donor, err := models.CreateUser(ctx, "donor@example.com", "")
	if err != nil {
		return err
	}
	if err := donor.SetPassword(ctx, password); err != nil {
		return err
	}
	for n := range active {
		id, digest := idOf(activeRow(n, size)), sha256.Sum256([]byte(rawToken(n, size)))
		if err := models.DB.RawQuery("UPDATE sessions SET token_digest = ? WHERE id = ?", digest[:], id).Exec(); err != nil {
			return err
		}
		if err := models.DB.RawQuery("UPDATE users SET password_digest = ? WHERE id = ?", donor.PasswordDigest, id).Exec(); err != nil {
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

// addExpired returns a step that adds sessions of random users, last used a year ago. It
// ends with a checkpoint, so that the purge reads the sessions from the database file,
// as a janitor does, and not from the WAL.
func addExpired(count int) func(ctx context.Context, d *database) error {
	t := sessions
	t.values = strings.ReplaceAll(strings.Replace(t.values, "ID, ID", "ID, RANDOM_USER", 1), "NOW", "LONG_AGO")
	return func(ctx context.Context, d *database) error {
		d.sessions += count
		return execute(ctx, d.conn, insert(t, count, d.sessions-count, d.size), dialects[models.DB.Dialect.Name()].checkpoint)
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
