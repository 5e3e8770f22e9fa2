// Package models holds accounts: users, sessions, tokens, device cookies, rate
// limits, mails and activity. It knows the database and no HTTP.
package models

import (
	"context"
	"errors"
	"net/netip"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/config"
	"corral/internal/clientip"
	"corral/internal/clock"
	"corral/internal/database"
	"corral/internal/email"
	"corral/internal/outbox"
	"corral/internal/passkey"
	"corral/internal/password"
	"corral/internal/secret"
	"corral/internal/token"
	"corral/internal/useragent"
	"corral/migrations"
)

// DB is the database that Connect opened.
var DB *pop.Connection

// Clock tells the time. DatabaseClock tells the database's time, by which rows are purged.
// Tests move both.
var Clock, DatabaseClock clock.Clock

// Clocks are Clock and DatabaseClock.
var Clocks = database.Clocks{Node: &Clock, Database: &DatabaseClock}

var (
	settings config.Config
	secrets  secret.Ring

	PasswordPolicy password.Policy // judges new passwords
	Outbox         *outbox.Queue
)

// hasher bounds the concurrent hashes of this process.
var hasher = password.NewHasher()

// ErrRefused means that the session may not make a change, or that no way in would remain.
var ErrRefused = errors.New("refused")

// ErrNotFound means that the account has no such row.
var ErrNotFound = token.ErrNotFound

// Connect opens the database of c as DB. It creates a missing SQLite file, readable
// only by its owner.
func Connect(c config.Config) error { return connect(c, database.Open) }

// ConnectExisting is Connect without creating a file.
func ConnectExisting(c config.Config) error { return connect(c, database.OpenExisting) }

func connect(c config.Config, open func(databaseURL string) (*pop.Connection, error)) error {
	db, err := open(c.DatabaseURL)
	if err != nil {
		return err
	}
	DB, settings = db, c
	if c.Env == config.Test {
		hasher = password.NewTestHasher()
	}
	secrets = secret.NewRing("corral", c.SessionSecrets)
	passkeys = passkey.New(passkey.Options{PublicURL: c.Host, Name: "Corral", Secrets: secrets, Now: Clock.Now})
	PasswordPolicy = password.Policy{Min: c.PasswordMin, Words: []string{"corral", c.Host.Hostname()}}
	seal, unseal := secrets.For("mail tokens")
	Outbox = outbox.NewQueue(outbox.Options{Now: Clock.Now, Seal: seal, Open: unseal})
	pop.SetNowFunc(Clock.Now)
	pop.Connections[c.Env] = db
	return nil
}

// Migrate brings the schema up to this release.
func Migrate() error { return database.Migrate(DB, migrations.Files) }

var readiness = database.Readiness{Migrations: migrations.Files, Clocks: Clocks}

// Ready returns nil if the database can be written, has all migrations and agrees
// on the time.
func Ready(ctx context.Context) error { return readiness.Check(ctx, DB) }

// Unavailable reports whether err means that the database is unavailable, or that the
// hashing queue is full.
func Unavailable(err error) bool {
	return errors.Is(err, password.ErrBusy) || database.Unavailable(err)
}

// EmailDigest returns a keyed digest of an email for the log, the same for all
// invalid emails.
func EmailDigest(typed string) string { return EmailDigests(typed)[0] }

// EmailDigests returns the digests under all secrets, to find lines from before a rotation.
func EmailDigests(typed string) []string {
	normalized, _ := email.Normalize(typed)
	return secrets.Digests("log", normalized)
}

// newID returns a UUIDv7: rows expire in index order.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) } // crypto/rand never fails

// inTransaction runs fn in a transaction. It rolls back if fn fails or ctx ends.
func inTransaction(ctx context.Context, fn func(tx *pop.Connection) error) error {
	return database.InTransaction(DB.WithContext(ctx), fn)
}

// inTransactionWithMail is inTransaction for an fn that queues mails: it starts their delivery.
func inTransactionWithMail(ctx context.Context, fn func(tx *pop.Connection) error) error {
	return Outbox.InTransaction(DB.WithContext(ctx), fn)
}

// Short names of what many files need for their statements.
var wrap, replace, exec, rowLock = database.Wrap, database.Replace, database.Change, database.RowLock

// Client is the client info. Tasks use the zero value.
type Client struct {
	IP              netip.Addr
	UserAgent       string
	Language        string // of the page
	RawDeviceCookie string // or ""
	RawSessionToken string // token of the session, or ""
	RawSecondStep   string // login that waits for its second step, or ""
	Next            string // the page to go to after the login, or ""
}

func (c Client) ip() string { return clientip.Text(c.IP) }

// userAgent returns the user agent, cut to fit into the columns.
func (c Client) userAgent() string { return useragent.Printable(c.UserAgent, 255) }

func (c Client) network() string { return clientip.Network(c.IP) }
