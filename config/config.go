// Package config reads and checks the environment. main loads it once and hands
// it over to each package as a value; nothing else reads the environment.
package config

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/joho/godotenv"

	"corral/internal/env"
)

// The environments that GO_ENV names.
const (
	Development = "development"
	Test        = "test"
	Production  = "production"
)

// Config is the configuration of the process.
type Config struct {
	Env    string
	Addr   string   // host:port to listen on
	Socket bool     // systemd passes a socket to listen on, instead of Addr
	Host   *url.URL // public URL; every link in a mail starts with it

	DatabaseURL    string
	SessionSecrets []string // the first signs, all can be read

	SessionIdle      time.Duration // without "remember me": logged out after so long without a request
	SessionLifetime  time.Duration // without "remember me": logged out after so long
	RememberLifetime time.Duration // with "remember me": logged out after so long

	PasswordMin    int // characters
	SignupOpen     bool
	TrustedProxies []netip.Prefix // whose X-Forwarded-* headers count

	TLSCertFile, TLSKeyFile string

	SMTP     *url.URL // nil: nothing is sent (development)
	MailFrom *mail.Address

	LogLevel slog.Level
}

// Production reports whether the app serves the public.
func (c Config) Production() bool { return c.Env == Production }

// Development reports whether the app runs on its developer's machine.
func (c Config) Development() bool { return c.Env == Development }

// TLS reports whether this process ends TLS itself.
func (c Config) TLS() bool { return c.TLSCertFile != "" }

// Load reads environ ("KEY=value" pairs). In development the file .env in the
// folder dir, below which storage/ lies, comes before them, as Buffalo has it; in
// production that file is a fault; tests never read it. The error joins all
// faults, one plain line each.
func Load(environ []string, dir string) (Config, error) {
	return load(environ, dir, testing.Testing())
}

func load(environ []string, dir string, underTest bool) (Config, error) {
	e := &reader{Vars: env.New(environ), dir: dir, testing: underTest}
	if !underTest {
		e.readDotenv()
	}
	c := Config{
		Env:              e.environment(),
		DatabaseURL:      e.databaseURL(),
		SessionIdle:      e.Duration("SESSION_IDLE", 30*time.Minute),
		SessionLifetime:  e.Duration("SESSION_LIFETIME", 12*time.Hour),
		RememberLifetime: e.Duration("REMEMBER_LIFETIME", 30*24*time.Hour),
		PasswordMin:      e.Int("PASSWORD_MIN", 15, 8, 64),
		SignupOpen:       e.OneOf("SIGNUP", "open", "closed") == "open",
		TrustedProxies:   e.Prefixes("TRUSTED_PROXIES"),
		LogLevel:         e.LogLevel("LOG_LEVEL"),
	}
	port := e.Port("PORT", "3000")
	c.Addr = e.addr(port)
	c.Socket = e.Get("LISTEN_PID", "") == strconv.Itoa(os.Getpid()) && e.Get("LISTEN_FDS", "") == "1"
	c.Host = e.host(port)
	c.TLSCertFile, c.TLSKeyFile = e.KeyPair("TLS_CERT_FILE", "TLS_KEY_FILE")
	c.SMTP = e.MailServer("SMTP_URL")
	c.MailFrom = e.mailFrom(c.Host)
	c.SessionSecrets = e.sessionSecrets(c.Env)
	if c.Production() {
		e.refuseUnsafe(c)
	}
	return c, e.Err()
}

// reader is the environment while it is read.
type reader struct {
	*env.Vars
	dir     string
	dotenv  bool // there is a .env in dir
	testing bool
}

func (e *reader) readDotenv() {
	values, err := godotenv.Read(filepath.Join(e.dir, ".env"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if e.dotenv = true; err != nil {
		// The parser's error quotes the file, which may hold secrets.
		e.Fault(".env", ".env cannot be read: mend or remove it")
		return
	}
	if e.production() {
		return // refuseUnsafe
	}
	for key, value := range values {
		e.Set(key, value)
	}
}

func (e *reader) environment() string {
	if e.testing {
		return e.OneOf("GO_ENV", Test, Development, Production)
	}
	name := e.OneOf("GO_ENV", Development, Test, Production)
	if name == Test {
		e.Fault("GO_ENV", "GO_ENV=test is for go test only: use development or production")
	}
	return name
}

func (e *reader) production() bool { return e.Get("GO_ENV", "") == Production }
