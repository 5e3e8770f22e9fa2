// Package config reads the environment once, checks all of it, and hands out
// typed values. Nothing else in the app asks the environment for anything.
package config

import (
	"errors"
	"log/slog"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"corral/config/environ"
)

// The environments that GO_ENV names.
const (
	Development = "development"
	Test        = "test"
	Production  = "production"
)

// Config is what the process was told at its start. It never changes.
type Config struct {
	Env    string
	Addr   string   // host:port to listen on
	Socket bool     // systemd passes a socket to listen on; Addr counts for nothing
	Host   *url.URL // public origin; every link in a mail starts with it

	DatabaseURL    string
	SessionSecrets []string // the first signs, all can be read

	SessionIdle      time.Duration // without "remember me": signed out after so long without a request
	SessionLifetime  time.Duration // without "remember me": signed out after so long
	RememberLifetime time.Duration // with "remember me": signed out after so long

	PasswordMin    int // characters
	SignupOpen     bool
	TrustedProxies []netip.Prefix // whose X-Forwarded-* headers count

	TLSCertFile, TLSKeyFile string

	SMTP     *url.URL // nil: nothing is sent (development)
	MailFrom *mail.Address

	LogLevel slog.Level
}

// Production says whether the app faces the world.
func (c Config) Production() bool { return c.Env == Production }

// Development says whether the app runs on the machine of the person who writes it.
func (c Config) Development() bool { return c.Env == Development }

// TLS says whether this process ends TLS itself.
func (c Config) TLS() bool { return c.TLSCertFile != "" }

// Load reads environ ("KEY=value" pairs) and, except under go test, the file
// .env in the folder dir, below which storage/ lies; in production that file is
// a fault. Its error joins every fault that it finds, one plain line each.
func Load(environ []string, dir string) (Config, error) {
	return load(environ, dir, testing.Testing())
}

func load(environ []string, dir string, underTest bool) (Config, error) {
	e := newEnv(environ, dir, underTest)
	c := Config{
		Env:              e.environment(),
		DatabaseURL:      e.databaseURL(),
		SessionIdle:      e.duration("SESSION_IDLE", 30*time.Minute),
		SessionLifetime:  e.duration("SESSION_LIFETIME", 12*time.Hour),
		RememberLifetime: e.duration("REMEMBER_LIFETIME", 30*24*time.Hour),
		PasswordMin:      e.passwordMin(),
		SignupOpen:       e.oneOf("SIGNUP", "open", "closed") == "open",
		TrustedProxies:   e.prefixes("TRUSTED_PROXIES"),
		LogLevel:         e.logLevel(),
	}
	port := e.port()
	c.Addr = e.addr(port)
	c.Socket = e.get("LISTEN_PID", "") == strconv.Itoa(os.Getpid()) && e.get("LISTEN_FDS", "") == "1"
	c.Host = e.host(port)
	c.TLSCertFile, c.TLSKeyFile = e.certificate()
	c.SMTP = e.smtp()
	c.MailFrom = e.mailFrom(c.Host)
	c.SessionSecrets = e.sessionSecrets(c.Env)
	if c.Production() {
		e.refuseUnsafe(c)
	}
	return c, errors.Join(e.faults...)
}

// current is read once: the environment of a process does not change.
var current = sync.OnceValues(func() (Config, error) { return Load(environ.AtStart, ".") })

// Current returns what this process was told at its start.
func Current() (Config, error) { return current() }

// MustCurrent is Current for code that runs after main has checked it.
func MustCurrent() Config {
	c, err := Current()
	if err != nil {
		panic(err)
	}
	return c
}
