package config

import (
	"crypto/tls"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

func (e *env) port() string {
	port := e.get("PORT", "3000")
	if !isPort(port) {
		e.fault("PORT", "PORT=%s is not a port: use a number from 1 to 65535", port)
	}
	return port
}

func (e *env) addr(port string) string {
	fallback := "127.0.0.1"
	if e.production() {
		fallback = "0.0.0.0"
	}
	v := strings.Trim(e.get("ADDR", fallback), "[]")
	if _, err := netip.ParseAddr(v); err != nil && strings.ContainsAny(v, ":/[] ") {
		e.fault("ADDR", "ADDR=%s is not an address: write it like 127.0.0.1 or ::1, the port goes into PORT", v)
	}
	return net.JoinHostPort(v, port)
}

// host is an origin: a scheme, a host, maybe a port, nothing else.
func (e *env) host(port string) *url.URL {
	fallback := &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
	v := e.get("HOST", "")
	if v == "" {
		if e.production() {
			e.fault("HOST", "HOST is missing: set it to the public origin, like https://login.example.com")
		}
		return fallback
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || (u.Port() != "" && !isPort(u.Port())) ||
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		e.fault("HOST", "HOST is not an origin: write it like https://login.example.com")
		return fallback
	}
	if e.production() && u.Scheme != "https" {
		e.fault("HOST", "HOST=%s is not https: a password must not cross the network in the clear", v)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
}

// databaseURL ignores DATABASE_URL under go test: test suites empty every table.
func (e *env) databaseURL() string {
	if e.testing {
		return e.testDatabaseURL()
	}
	v := e.secret("DATABASE_URL")
	if v == "" {
		return "sqlite3://" + filepath.Join(e.dir, "storage", e.get("GO_ENV", Development)+".sqlite")
	}
	scheme, path, _ := strings.Cut(v, "://")
	isSQLite := path != "" && (scheme == "sqlite3" || scheme == "sqlite")
	if !isSQLite && !isPostgres(v) {
		// The value holds a password: it is not repeated here.
		e.fault("DATABASE_URL", "DATABASE_URL is neither sqlite3://path nor postgres://user:password@host/name")
	}
	return v
}

// testDatabaseURL is "" for a temporary SQLite file.
func (e *env) testDatabaseURL() string {
	v := e.get("TEST_DATABASE_URL", "")
	if v != "" && !isPostgres(v) {
		e.fault("TEST_DATABASE_URL", "TEST_DATABASE_URL is not postgres://user:password@host/name: leave it out to test on SQLite")
	}
	return v
}

func isPostgres(v string) bool {
	u, err := url.Parse(v)
	return err == nil && slices.Contains([]string{"postgres", "postgresql"}, u.Scheme) && u.Host+u.Path+u.RawQuery != ""
}

func (e *env) certificate() (cert, key string) {
	cert, key = e.get("TLS_CERT_FILE", ""), e.get("TLS_KEY_FILE", "")
	if (cert == "") != (key == "") {
		e.fault("TLS_CERT_FILE", "TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither")
	} else if cert != "" {
		if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
			e.fault("TLS_CERT_FILE", "TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %v", err)
		}
	}
	return cert, key
}

func (e *env) smtp() *url.URL {
	v := e.secret("SMTP_URL")
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" || (u.Port() != "" && !isPort(u.Port())) {
		// The value holds a password: it is not repeated here.
		e.fault("SMTP_URL", "SMTP_URL is not a mail server: write it like smtp://user:password@mail.example.com:587")
		return nil
	}
	return u
}

func (e *env) mailFrom(host *url.URL) *mail.Address {
	v := e.get("MAIL_FROM", "")
	if v == "" {
		domain := host.Hostname()
		if strings.Contains(domain, ":") {
			domain = "localhost" // an IPv6 address is no domain of a mail address
		}
		return &mail.Address{Name: "Corral", Address: "no-reply@" + domain}
	}
	address, err := mail.ParseAddress(v)
	if err != nil {
		e.fault("MAIL_FROM", "MAIL_FROM=%s is not an address: write it like Corral <login@example.com>", v)
	}
	return address
}
