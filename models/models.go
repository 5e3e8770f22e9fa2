// Package models holds the accounts: users, their sessions, tokens, device
// cookies, rate limits, mails and history. It knows the database and no HTTP.
package models

import (
	"context"
	"errors"
	"net/netip"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/config"
	"corral/internal/clock"
	"corral/internal/database"
	"corral/internal/outbox"
	"corral/internal/password"
	"corral/internal/secret"
	"corral/migrations"
)

// DB is the open database. Connect sets it.
var DB *pop.Connection

// Clock tells the time to everything that expires. Tests move it.
var Clock clock.Clock

// What Connect makes from the configuration.
var (
	settings  config.Config
	secrets   secret.Ring
	passwords password.Policy

	// Outbox queues the mails of the app.
	Outbox *outbox.Queue
)

// hasher bounds how many passwords this process hashes at once.
var hasher = password.NewHasher()

// ErrBusy means that too many passwords wait to be hashed.
var ErrBusy = password.ErrBusy

// ErrNotFound means that there is no such row, or that it belongs to another
// account.
var ErrNotFound = errors.New("not found")

// Connect opens the database that c names and makes it DB. A missing SQLite
// file is created, readable by its owner only.
func Connect(c config.Config) error { return connect(c, database.Open) }

// ConnectExisting is Connect, but it creates no file.
func ConnectExisting(c config.Config) error { return connect(c, database.OpenExisting) }

func connect(c config.Config, open func(databaseURL string) (*pop.Connection, error)) error {
	db, err := open(c.DatabaseURL)
	if err != nil {
		return err
	}
	DB, settings = db, c
	secrets = secret.NewRing("corral", c.SessionSecrets)
	passwords = password.Policy{Min: c.PasswordMin, Words: []string{"corral", c.Host.Hostname()}}
	Outbox = outbox.NewQueue(outbox.Options{
		Now:  Clock.Now,
		Seal: func(plain []byte) []byte { return secrets.Seal("mail tokens", plain) },
		Open: func(sealed []byte) ([]byte, error) { return secrets.Open("mail tokens", sealed) },
	})
	pop.SetNowFunc(Clock.Now)
	pop.Connections[c.Env] = db
	return nil
}

// Migrate brings the schema up to this release.
func Migrate() error { return database.Migrate(DB, migrations.Files) }

// Ready returns nil when the database answers and has every migration of this
// release.
func Ready(ctx context.Context) error { return database.Ready(ctx, DB, migrations.Files) }

// Unavailable reports whether err means that the database or the password
// queue is unavailable, so that a later attempt may succeed.
func Unavailable(err error) bool { return errors.Is(err, ErrBusy) || database.Unavailable(err) }

// CheckPassword judges a new password for the account at email. messageKey
// names what is wrong with it, or is "".
func CheckPassword(typed, email string) (normalized, messageKey string) {
	return passwords.Check(typed, email)
}

// newID returns a UUIDv7: rows expire in index order. An id is no secret.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) } // crypto/rand never fails

// inTransaction runs fn in a transaction that ends with ctx.
func inTransaction(ctx context.Context, fn func(tx *pop.Connection) error) error {
	return DB.WithContext(ctx).Transaction(fn)
}

// announcing is inTransaction for functions that queue mails.
func announcing(ctx context.Context, fn func(tx *pop.Connection) error) error {
	if err := inTransaction(ctx, fn); err != nil {
		return err
	}
	Outbox.Wake()
	return nil
}

// Client is what the models need to know of the client that sent a request.
// Tasks use the zero value.
type Client struct {
	IP              netip.Addr
	UserAgent       string
	Language        string // of the page; for the mails of an account without a language
	RawDeviceCookie string // "" when the client has none
	RawSession      string // the token of the client's session, or ""
}

// ip is the IP as text, or "".
func (c Client) ip() string {
	if !c.IP.IsValid() {
		return ""
	}
	return c.IP.String()
}

// network is what is kept of the IP in the long run: the /24 or /48.
func (c Client) network() string {
	bits := 48
	if c.IP.Is4() {
		bits = 24
	}
	network, err := c.IP.Prefix(bits)
	if err != nil {
		return ""
	}
	return network.String()
}
