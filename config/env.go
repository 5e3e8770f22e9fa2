package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"
)

// env is the environment while it is being read, and what is wrong with it.
type env struct {
	values  map[string]string
	dir     string
	dotenv  bool // there is a .env in dir
	testing bool // running under go test
	faults  []error
}

func newEnv(environ []string, dir string) (*env, error) {
	e := &env{values: map[string]string{}, dir: dir, testing: testing.Testing()}
	path := filepath.Join(dir, ".env")
	switch file, err := godotenv.Read(path); {
	case err == nil:
		e.values, e.dotenv = file, true
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf(".env cannot be read: mend or remove it")
	}
	for _, pair := range environ {
		if key, value, ok := strings.Cut(pair, "="); ok {
			e.values[key] = value // a real variable wins over the file
		}
	}
	return e, nil
}

func (e *env) fault(format string, args ...any) {
	e.faults = append(e.faults, fmt.Errorf(format, args...))
}

// get returns a variable without the white space around it, or fallback.
func (e *env) get(key, fallback string) string {
	if v := strings.TrimSpace(e.values[key]); v != "" {
		return v
	}
	return fallback
}

// secret is get for what must not be seen: KEY_FILE may name a file that holds it.
func (e *env) secret(key string) string {
	path := e.get(key+"_FILE", "")
	if path == "" {
		return e.get(key, "")
	}
	if e.get(key, "") != "" {
		e.fault("%s and %s_FILE are both set: keep one", key, key)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		e.fault("%s_FILE: %s cannot be read", key, path)
	}
	return strings.TrimSpace(string(content))
}

func (e *env) environment() string {
	if e.testing {
		return e.oneOf("GO_ENV", Test, Development, Production)
	}
	name := e.oneOf("GO_ENV", Development, Test, Production)
	if name == Test {
		e.fault("GO_ENV=test is for go test only: use development or production")
	}
	return name
}

func (e *env) production() bool { return e.get("GO_ENV", "") == Production }

// oneOf returns the variable, which must be one of the values; the first is the default.
func (e *env) oneOf(key string, values ...string) string {
	v := e.get(key, values[0])
	if !slices.Contains(values, v) {
		e.fault("%s=%s is unknown: use %s", key, v, strings.Join(values, ", "))
	}
	return v
}

func (e *env) duration(key string, fallback time.Duration) time.Duration {
	v := e.get(key, "")
	if v == "" {
		return fallback
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Second {
		e.fault("%s=%s is not a time span of at least a second: write it like 30m or 12h", key, v)
		return fallback
	}
	return d
}

func (e *env) passwordMin() int {
	v := e.get("PASSWORD_MIN", "15")
	n, err := strconv.Atoi(v)
	if err != nil || n < 8 || n > 64 {
		e.fault("PASSWORD_MIN=%s: use a number from 8 to 64", v)
	}
	return n
}

func (e *env) prefixes(key string) []netip.Prefix {
	var list []netip.Prefix
	for _, v := range strings.FieldsFunc(e.get(key, ""), func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(v)
		if addr, addrErr := netip.ParseAddr(v); addrErr == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			e.fault("%s: %s is not a network: write it like 10.0.0.0/8", key, v)
			continue
		}
		list = append(list, prefix.Masked())
	}
	return list
}

func (e *env) logLevel() slog.Level {
	var level slog.Level
	if v := e.get("LOG_LEVEL", "info"); level.UnmarshalText([]byte(v)) != nil {
		e.fault("LOG_LEVEL=%s is unknown: use debug, info, warn or error", v)
	}
	return level
}

func (e *env) port() string {
	port := e.get("PORT", "3000")
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		e.fault("PORT=%s is not a port: use a number from 1 to 65535", port)
	}
	return port
}

func (e *env) addr() string {
	fallback := "127.0.0.1"
	if e.production() {
		fallback = "0.0.0.0"
	}
	return net.JoinHostPort(strings.Trim(e.get("ADDR", fallback), "[]"), e.port())
}

// host is an origin: a scheme, a host, maybe a port, nothing else.
func (e *env) host() *url.URL {
	v := e.get("HOST", "http://127.0.0.1:"+e.get("PORT", "3000"))
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" ||
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		e.fault("HOST=%s is not an origin: write it like https://login.example.com", v)
		return &url.URL{Scheme: "http", Host: "127.0.0.1:3000"}
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
}

// databaseURL ignores DATABASE_URL under go test: test suites empty every table.
func (e *env) databaseURL() string {
	if e.testing {
		return e.get("TEST_DATABASE_URL", "")
	}
	name := e.get("GO_ENV", Development)
	v := e.secret("DATABASE_URL")
	if v == "" {
		v = "sqlite3://" + filepath.Join(e.dir, "storage", name+".sqlite")
	}
	scheme, rest, _ := strings.Cut(v, "://")
	if !slices.Contains([]string{"sqlite3", "sqlite", "postgres", "postgresql"}, scheme) || rest == "" {
		e.fault("DATABASE_URL is neither sqlite3://path nor postgres://user:password@host/name")
	}
	return v
}

func (e *env) certificate() (cert, key string) {
	cert, key = e.get("TLS_CERT_FILE", ""), e.get("TLS_KEY_FILE", "")
	if (cert == "") != (key == "") {
		e.fault("TLS_CERT_FILE and TLS_KEY_FILE go together: set both or neither")
	}
	return cert, key
}

func (e *env) smtp() *url.URL {
	v := e.secret("SMTP_URL")
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" {
		// The value holds a password: it is not repeated here.
		e.fault("SMTP_URL is not a mail server: write it like smtp://user:password@mail.example.com:587")
		return nil
	}
	return u
}

func (e *env) mailFrom(host *url.URL) *mail.Address {
	v := e.get("MAIL_FROM", "Corral <no-reply@"+host.Hostname()+">")
	address, err := mail.ParseAddress(v)
	if err != nil && e.get("MAIL_FROM", "") != "" {
		e.fault("MAIL_FROM=%s is not an address: write it like Corral <login@example.com>", v)
	}
	return address
}
