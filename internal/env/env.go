// Package env reads typed settings from environment variables and collects their
// faults, one line each.
//
//	vars := env.New(os.Environ())
//	port := vars.Get("PORT", "3000")
//	idle := vars.Duration("SESSION_IDLE", 30*time.Minute)
//	if err := vars.Err(); err != nil { … }
package env

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Vars are environment variables and their faults.
type Vars struct {
	values map[string]string
	faults []error
}

// Fault says in one line what is wrong with a variable.
type Fault struct{ Key, Line string }

func (f Fault) Error() string { return f.Line }

// Faults returns the faults that Err joined.
func Faults(err error) (faults []Fault) {
	joined, _ := err.(interface{ Unwrap() []error })
	if joined == nil {
		return nil
	}
	for _, one := range joined.Unwrap() {
		if fault, ok := one.(Fault); ok {
			faults = append(faults, fault)
		}
	}
	return faults
}

// New returns the variables of environ, in "KEY=value" form.
func New(environ []string) *Vars {
	v := &Vars{values: map[string]string{}}
	for _, pair := range environ {
		if key, value, ok := strings.Cut(pair, "="); ok {
			v.values[key] = value
		}
	}
	return v
}

func (v *Vars) Set(key, value string) { v.values[key] = value }

// Fault records a fault as one line.
func (v *Vars) Fault(key, format string, args ...any) {
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...))
	v.faults = append(v.faults, Fault{key, line})
}

// Faulty reports whether the variable has a fault.
func (v *Vars) Faulty(key string) bool {
	return slices.ContainsFunc(v.faults, func(err error) bool { return err.(Fault).Key == key })
}

// Err joins all faults, or returns nil.
func (v *Vars) Err() error { return errors.Join(v.faults...) }

// Get returns the variable without surrounding white space, or fallback.
func (v *Vars) Get(key, fallback string) string {
	if value := strings.TrimSpace(v.values[key]); value != "" {
		return value
	}
	return fallback
}

// Secret is Get for secrets, which may also be in the file that KEY_FILE names.
// Faults quote neither variable: an operator may have confused the two.
func (v *Vars) Secret(key string) string {
	path := v.Get(key+"_FILE", "")
	if path == "" {
		return v.Get(key, "")
	}
	if v.Get(key, "") != "" {
		v.Fault(key, "%s and %s_FILE are both set: keep one", key, key)
		return ""
	}
	content, err := os.ReadFile(path)
	if err != nil {
		v.Fault(key, "%s_FILE names a file that cannot be read: %v", key, errors.Unwrap(err))
		return ""
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		v.Fault(key, "%s_FILE names a file that is empty", key)
	}
	return value
}

// OneOf returns the variable, which must be one of values; the first is the
// default.
func (v *Vars) OneOf(key string, values ...string) string {
	value := v.Get(key, values[0])
	if !slices.Contains(values, value) {
		v.Fault(key, "%s=%s is unknown: use %s", key, value, strings.Join(values, ", "))
	}
	return value
}

// Duration returns a duration of at least a second and at most most, if given.
func (v *Vars) Duration(key string, fallback time.Duration, most ...time.Duration) time.Duration {
	value := v.Get(key, "")
	if value == "" {
		return fallback
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < time.Second {
		v.Fault(key, "%s=%s is not a time span of at least a second: write it like 30m or 12h", key, value)
		return fallback
	}
	if len(most) > 0 && d > most[0] {
		v.Fault(key, "%s=%s is too long: use at most %.0fh", key, value, most[0].Hours())
	}
	return d
}

// Int returns a number from least to most.
func (v *Vars) Int(key string, fallback, least, most int) int {
	value := v.Get(key, strconv.Itoa(fallback))
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		v.Fault(key, "%s=%s: use a number from %d to %d", key, value, least, most)
	}
	return n
}

// Port returns a port number as text.
func (v *Vars) Port(key, fallback string) string {
	port := v.Get(key, fallback)
	if !isPort(port) {
		v.Fault(key, "%s=%s is not a port: use a number from 1 to 65535", key, port)
	}
	return port
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// Addr returns the IP or host name to listen on, without a port.
func (v *Vars) Addr(key, fallback string) string {
	value := strings.Trim(v.Get(key, fallback), "[]")
	if _, err := netip.ParseAddr(value); err != nil && strings.ContainsAny(value, ":/[] ") {
		v.Fault(key, "%s=%s is not an IP or a host name: write it like 127.0.0.1 or ::1, the port goes into PORT", key, value)
	}
	return value
}

// PublicURL returns a URL of a scheme, a host and an optional port, or nil if
// the variable is unset or faulty.
func (v *Vars) PublicURL(key string) *url.URL {
	value := v.Get(key, "")
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || !hasHost(u, "http", "https") || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		v.Fault(key, "%s is not a public URL: write it like https://login.example.com", key)
		return nil
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
}

func hasHost(u *url.URL, schemes ...string) bool {
	return slices.Contains(schemes, u.Scheme) && u.Hostname() != "" && (u.Port() == "" || isPort(u.Port()))
}

// MailServer returns the URL of a mail server, or nil.
func (v *Vars) MailServer(key string) *url.URL {
	value := v.Secret(key)
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || !hasHost(u, "smtp", "smtps") {
		// Do not quote the value: it holds a password.
		v.Fault(key, "%s is not a mail server: write it like smtp://user:password@mail.example.com:587", key)
		return nil
	}
	return u
}

// KeyPair returns the files of a certificate and its key, which must match, or
// "".
func (v *Vars) KeyPair(certKey, keyKey string) (cert, key string) {
	cert, key = v.Get(certKey, ""), v.Get(keyKey, "")
	if (cert == "") != (key == "") {
		v.Fault(certKey, "%s and %s go together: set both or neither", certKey, keyKey)
	} else if cert != "" {
		if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
			v.Fault(certKey, "%s and %s cannot be used: %v", certKey, keyKey, err)
		}
	}
	return cert, key
}

// Prefixes returns the networks in a list separated by commas or spaces. An IP
// is a network of one.
func (v *Vars) Prefixes(key string) []netip.Prefix {
	var list []netip.Prefix
	for _, value := range strings.FieldsFunc(v.Get(key, ""), func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(value)
		if addr, addrErr := netip.ParseAddr(value); addrErr == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		// Clients are compared as IPv4, so ::ffff:10.0.0.0/104 would match
		// none.
		if err != nil || prefix.Addr().Is4In6() {
			v.Fault(key, "%s: %s is not a network: write it like 10.0.0.0/8", key, value)
			continue
		}
		list = append(list, prefix.Masked())
	}
	return list
}

// LogLevel returns a slog level.
func (v *Vars) LogLevel(key string) slog.Level {
	var level slog.Level
	if value := v.Get(key, "info"); level.UnmarshalText([]byte(value)) != nil {
		v.Fault(key, "%s=%s is unknown: use debug, info, warn or error", key, value)
	}
	return level
}
