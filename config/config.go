// Package config reads and checks the environment. Nothing else reads it: cmd or a
// task loads a Config once and passes it on.
package config

import (
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"corral/internal/env"
)

// The environments that GO_ENV names.
const (
	Development = env.Development
	Test        = env.Test
	Production  = env.Production
)

// longest is the maximal lifetime of a session: browsers keep no cookie longer.
const longest = 400 * 24 * time.Hour

// Provider is an OpenID Connect provider.
type Provider = env.Provider

type Config struct {
	Env     string
	Addr    string         // host:port to listen on
	Sockets []net.Listener // opened by systemd, used instead of Addr
	Host    *url.URL       // the public URL; links in mails start with it

	DatabaseURL    string
	SessionSecrets []string // the first encrypts cookies, all decrypt

	SessionIdle      time.Duration // longest pause between requests, without "remember me"
	SessionLifetime  time.Duration // without "remember me"
	RememberLifetime time.Duration // with "remember me"

	HSTSSubdomains bool // HSTS covers subdomains
	PasswordMin    int  // characters
	SignupOpen     bool
	MailsPerClient int            // per hour and purpose
	TrustedProxies []netip.Prefix // networks of proxies whose X-Forwarded-* headers are believed

	SecondStepRequired bool // users must set up a second step before anything else

	TLSCertFile, TLSKeyFile string

	SMTP     *url.URL // nil delivers nothing (development)
	MailFrom *mail.Address

	Providers []Provider // that users may log in with

	LogLevel slog.Level
}

// Production reports whether GO_ENV is production.
func (c Config) Production() bool { return c.Env == Production }

// Development reports whether GO_ENV is development.
func (c Config) Development() bool { return c.Env == Development }

// CookieName returns the full name of a cookie: see env.CookieName.
func (c Config) CookieName(name string) string { return env.CookieName(c.Env, c.Addr, name) }

// Load reads environ, "KEY=value" pairs. In development the file dir/.env overrides them,
// as in Buffalo, and Load stores a secret if there is none. In production the file is a
// fault; tests ignore it. The error joins all faults, one line each.
func Load(environ []string, dir string) (Config, error) {
	return load(environ, env.Options{Dir: dir, Testing: testing.Testing()})
}

// LoadTask is Load, but needs no TLS, and stores no secret: a task may run in a wrong folder.
func LoadTask(environ []string, dir string) (Config, error) {
	return load(environ, env.Options{Dir: dir, Testing: testing.Testing(), Task: true})
}

func load(environ []string, o env.Options) (Config, error) {
	e := env.NewApp(environ, o)
	c := Config{
		Env:                e.Env(),
		DatabaseURL:        e.DatabaseURL(),
		SessionIdle:        e.Duration("SESSION_IDLE", 30*time.Minute, longest),
		SessionLifetime:    e.Duration("SESSION_LIFETIME", 12*time.Hour, longest),
		RememberLifetime:   e.Duration("REMEMBER_LIFETIME", 30*24*time.Hour, longest),
		PasswordMin:        e.Int("PASSWORD_MIN", 15, 8, 64),
		HSTSSubdomains:     e.OneOf("HSTS", "host", "subdomains") == "subdomains",
		SignupOpen:         e.OneOf("SIGNUP", "open", "closed") == "open",
		SecondStepRequired: e.OneOf("SECOND_FACTOR", "optional", "required") == "required",
		MailsPerClient:     e.Int("MAILS_PER_CLIENT", 10, 1, 100_000),
		TrustedProxies:     e.Proxies("TRUSTED_PROXIES"),
		LogLevel:           e.LogLevel("LOG_LEVEL"),
	}
	c.Addr, c.Host = e.Endpoint()
	c.Sockets = e.Listeners()
	c.TLSCertFile, c.TLSKeyFile = e.KeyPair("TLS_CERT_FILE", "TLS_KEY_FILE")
	c.SMTP = e.MailServer("SMTP_URL")
	c.MailFrom = e.MailFrom("MAIL_FROM", "Corral", c.Host.Hostname())
	c.SessionSecrets = e.SessionSecrets("set it to the output of `corral task secret`")
	c.Providers = e.Providers("OIDC", "OIDC_2")
	if c.Production() {
		e.CheckProduction(c.DatabaseURL)
		e.RequireTLS(c.TrustedProxies, c.TLSCertFile, c.Sockets)
		e.RequireMail(c.SMTP)
	}
	return c, e.Err()
}
