// Package config reads and checks the environment. Nothing else reads it: cmd
// loads a Config once and passes it on.
package config

import (
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"corral/internal/env"
)

// The environments that GO_ENV names.
const (
	Development = "development"
	Test        = "test"
	Production  = "production"
)

// longest is the maximal lifetime of a session: browsers keep no cookie longer.
const longest = 400 * 24 * time.Hour

type Config struct {
	Env     string
	Addr    string         // host:port to listen on
	Sockets []net.Listener // those of systemd, instead of Addr
	Host    *url.URL       // the public URL; links in mails start with it

	DatabaseURL    string
	SessionSecrets []string // the first signs, all verify

	SessionIdle      time.Duration // between requests, without "remember me"
	SessionLifetime  time.Duration // without "remember me"
	RememberLifetime time.Duration // with "remember me"

	HSTSSubdomains bool // HSTS covers subdomains
	PasswordMin    int  // characters
	SignupOpen     bool
	MailsPerClient int            // an hour, of each purpose
	TrustedProxies []netip.Prefix // whose X-Forwarded-* headers count

	SecondFactorRequired bool // users without a second step set one up first

	TLSCertFile, TLSKeyFile string

	SMTP     *url.URL // nil delivers nothing (development)
	MailFrom *mail.Address

	Providers []Provider // of OpenID Connect, at most two

	LogLevel slog.Level
}

// Production reports whether GO_ENV is production.
func (c Config) Production() bool { return c.Env == Production }

// Development reports whether GO_ENV is development.
func (c Config) Development() bool { return c.Env == Development }

// TLS reports whether the app ends TLS itself.
func (c Config) TLS() bool { return c.TLSCertFile != "" }

// Load reads environ, "KEY=value" pairs. In development dir/.env overrides it, as
// in Buffalo; in production that file is a fault; tests ignore it. The error joins
// all faults, one line each.
func Load(environ []string, dir string) (Config, error) {
	return load(environ, dir, testing.Testing(), false)
}

// LoadTask is Load for a task, which stores no new secret: the folder may be wrong.
func LoadTask(environ []string, dir string) (Config, error) {
	return load(environ, dir, testing.Testing(), true)
}

func load(environ []string, dir string, underTest, task bool) (Config, error) {
	e := &reader{Vars: env.New(environ), dir: dir, testing: underTest, task: task}
	if !underTest {
		e.readDotenv()
	}
	c := Config{
		Env:                  e.environment(),
		DatabaseURL:          e.databaseURL(),
		SessionIdle:          e.Duration("SESSION_IDLE", 30*time.Minute, longest),
		SessionLifetime:      e.Duration("SESSION_LIFETIME", 12*time.Hour, longest),
		RememberLifetime:     e.Duration("REMEMBER_LIFETIME", 30*24*time.Hour, longest),
		PasswordMin:          e.Int("PASSWORD_MIN", 15, 8, 64),
		HSTSSubdomains:       e.OneOf("HSTS", "host", "subdomains") == "subdomains",
		SignupOpen:           e.OneOf("SIGNUP", "open", "closed") == "open",
		SecondFactorRequired: e.OneOf("SECOND_FACTOR", "optional", "required") == "required",
		MailsPerClient:       e.Int("MAILS_PER_CLIENT", 10, 1, 100_000),
		TrustedProxies:       e.Proxies("TRUSTED_PROXIES"),
		LogLevel:             e.LogLevel("LOG_LEVEL"),
	}
	port := e.Port("PORT", "3000")
	addr := e.addr()
	c.Addr = net.JoinHostPort(addr, port)
	c.Sockets = e.sockets()
	c.Host = e.host(addr, port)
	c.TLSCertFile, c.TLSKeyFile = e.KeyPair("TLS_CERT_FILE", "TLS_KEY_FILE")
	c.SMTP = e.MailServer("SMTP_URL")
	c.MailFrom = e.MailFrom("MAIL_FROM", "Corral", c.Host.Hostname())
	c.SessionSecrets = e.sessionSecrets(c.Env)
	c.Providers = e.providers()
	if c.Production() {
		e.refuseUnsafe(c)
	}
	return c, e.Err()
}

type reader struct {
	*env.Vars
	dir     string
	dotenv  bool // there is a .env in dir
	testing bool
	task    bool
}

// readDotenv sets the variables of dir/.env, which production refuses: see
// refuseUnsafe.
func (e *reader) readDotenv() {
	values, found := e.Dotenv(filepath.Join(e.dir, ".env"))
	if e.dotenv = found; e.production() {
		return
	}
	for key, value := range values {
		e.SetFrom(".env", key, value)
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
