// Package env reads typed settings from environment variables and collects their
// faults, one line each.
//
//	vars := env.New(os.Environ())
//	port := vars.Get("PORT", "3000")
//	idle := vars.Duration("SESSION_IDLE", 30*time.Minute, 24*time.Hour)
//	if err := vars.Err(); err != nil { … }
//
// App adds the variables that Buffalo apps have in common.
package env

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/joho/godotenv"

	"corral/internal/secret"
)

// Vars are environment variables and their faults.
type Vars struct {
	values map[string]string
	files  map[string]string // the file that set a variable, by key
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
	for _, err := range joined.Unwrap() {
		if fault, ok := err.(Fault); ok {
			faults = append(faults, fault)
		}
	}
	return faults
}

// New returns the variables of environ, in "KEY=value" form.
func New(environ []string) *Vars {
	v := &Vars{values: map[string]string{}, files: map[string]string{}}
	for _, pair := range environ {
		if key, value, ok := strings.Cut(pair, "="); ok {
			v.values[key] = value
		}
	}
	return v
}

func (v *Vars) Set(key, value string) { v.values[key] = value }

// setFrom sets a variable that was read from a file. Each fault of the variable
// names the file.
func (v *Vars) setFrom(file, key, value string) {
	v.Set(key, value)
	v.files[key] = file
}

// readDotenv returns the variables in a .env file, and whether there is a file to read. If the
// file cannot be read, it records a fault, which never quotes the file: it may hold
// secrets.
func (v *Vars) readDotenv(path string) (values map[string]string, found bool) {
	name := filepath.Base(path)
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false
	case err != nil:
		v.Fault(name, "%s cannot be read (%v): mend or remove it", name, errors.Unwrap(err))
		return nil, false // in a folder of another user, there may be none
	case !utf8.Valid(content), bytes.HasPrefix(content, []byte("\ufeff")), bytes.Contains(content, []byte{0}):
		v.Fault(name, "%s is not plain UTF-8: save it as UTF-8 without a byte order mark", name)
	default:
		content = append(content, '\n') // without it, godotenv takes a faulty last line for none
		if values, err = godotenv.UnmarshalBytes(content); err != nil {
			v.Fault(name, "%s: line %d is not KEY=value: mend or remove it", name, faultyLine(content))
		}
	}
	return values, true
}

// faultyLine returns the number of the first line that keeps content from being read: a
// quoted value may need the lines after it, so the longest readable beginning counts.
func faultyLine(content []byte) int {
	for end := len(content); end > 0; {
		end = bytes.LastIndexByte(content[:end-1], '\n') + 1
		if _, err := godotenv.UnmarshalBytes(content[:end]); err == nil {
			return bytes.Count(content[:end], []byte("\n")) + 1
		}
	}
	return 1
}

// Fault records a fault as one line.
func (v *Vars) Fault(key, format string, args ...any) {
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...))
	if file := v.files[key]; file != "" {
		line += " (set in " + file + ")"
	}
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
		v.Fault(key, "%s_FILE names a file that cannot be read (%v): mend the path or the permissions", key, errors.Unwrap(err))
		return ""
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		v.Fault(key, "%s_FILE names a file that is empty: write the secret into it", key)
	}
	v.files[key] = "the file that " + key + "_FILE names"
	return value
}

// Secrets returns the secrets that the variable lists, separated by commas or lines.
// A weak secret is a fault; remedy says how to make a strong one.
func (v *Vars) Secrets(key, remedy string) (list []string) {
	for line := range strings.Lines(v.Secret(key)) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, strings.Split(line, ",")...)
		}
	}
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
		weakness := secret.Weakness(list[i])
		switch {
		case strings.HasPrefix(list[i], "# "):
			v.Fault(key, "%s, value %d, is a comment: remove it", key, i+1)
		case holdsSeveral(list[i]):
			v.Fault(key, "%s, value %d, holds several secrets: separate them by commas or lines", key, i+1)
		case weakness != "":
			v.Fault(key, "%s, value %d, %s: %s", key, i+1, weakness, remedy)
		}
	}
	return list
}

// holdsSeveral reports whether s is a list with other separators: as one value, it would be a new
// secret.
func holdsSeveral(s string) bool {
	list := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ';' })
	return len(list) > 1 && !slices.ContainsFunc(list, func(s string) bool { return secret.Weakness(s) != "" })
}

// OneOf returns the variable, which must be one of values. The first of them is the
// default.
func (v *Vars) OneOf(key string, values ...string) string {
	value := v.Get(key, values[0])
	if !slices.Contains(values, value) {
		v.Fault(key, "%s=%s is unknown: use %s", key, value, strings.Join(values, ", "))
	}
	return value
}

// Duration returns a duration from a second to most.
func (v *Vars) Duration(key string, fallback, most time.Duration) time.Duration {
	value := v.Get(key, "")
	if value == "" {
		return fallback
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < time.Second {
		v.Fault(key, "%s=%s is not a time span of at least a second: write it like 30m or 12h", key, value)
		return fallback
	}
	if d > most {
		v.Fault(key, "%s=%s is too long: use at most %.0fh", key, value, most.Hours())
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
	} else if port[0] == '0' {
		v.Fault(key, "%s=%s begins with a zero: leave it out", key, port)
	}
	return port
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// Sockets returns the number of sockets that systemd passes to this process:
// sd_listen_fds(3).
func (v *Vars) Sockets(pidKey, numberKey string) int {
	if v.Get(pidKey, "") != strconv.Itoa(os.Getpid()) {
		return 0
	}
	n, err := strconv.ParseUint(v.Get(numberKey, "0"), 10, 8)
	if err != nil {
		v.Fault(numberKey, "%s=%s is not a number of sockets: leave it to systemd", numberKey, v.Get(numberKey, ""))
		return 0
	}
	return int(n)
}

// Addr returns the IP or host name to listen on, without a port.
func (v *Vars) Addr(key, fallback string) string {
	value := strings.Trim(v.Get(key, fallback), "[]")
	if _, err := netip.ParseAddr(value); err != nil && strings.ContainsAny(value, ":/[] ") {
		v.Fault(key, "%s=%s is not an IP or a host name: write it like 127.0.0.1 or ::1, the port goes into PORT", key, value)
	}
	return value
}

// publicHost matches the hosts that browsers send, in lower case.
var publicHost = regexp.MustCompile(`^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]*)?$`)

// PublicURL returns a URL of a scheme, a host and an optional port, or nil if the
// variable is unset or faulty.
func (v *Vars) PublicURL(key string) *url.URL {
	value := v.Get(key, "")
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || !hasHost(u, "http", "https") || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		if !strings.Contains(value, "@") { // with an @, the value may hold a password
			value = "=" + value
		} else {
			value = ""
		}
		// Some shells set HOST to the name of the machine.
		v.Fault(key, "%s%s is not a public URL: write it like https://login.example.com, or unset it if your shell set it", key, value)
		return nil
	}
	host := strings.ToLower(u.Host)
	if !publicHost.MatchString(host) {
		v.Fault(key, "%s=%s has a host that no browser sends: use letters, digits and hyphens (for other letters, the form xn--…), and a port like :8443 or none", key, value)
		return nil
	}
	return &url.URL{Scheme: u.Scheme, Host: host}
}

// Issuer returns the URL of an OpenID Connect issuer, not normalized, or nil if the
// variable is unset or faulty. If loopback is true, an issuer on this machine may use
// plain http.
func (v *Vars) Issuer(key string, loopback bool) *url.URL {
	value := v.Get(key, "")
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	switch {
	case strings.Contains(value, "@"): // perhaps a password
		v.Fault(key, "%s has an @, which no issuer has: write it like https://accounts.example.com", key)
	case err != nil || !hasHost(u, "http", "https") || strings.ContainsAny(value, "?#"):
		v.Fault(key, "%s=%s is not an issuer: write it like https://accounts.example.com, without ? and #", key, value)
	case u.Scheme == "http" && !(loopback && isLoopback(u.Hostname())):
		v.Fault(key, "%s=%s is not https, and anyone on the way could log in as any user: use the https URL", key, value)
	default:
		return u
	}
	return nil
}

func isLoopback(host string) bool {
	addr, _ := netip.ParseAddr(host)
	return host == "localhost" || addr.IsLoopback()
}

func hasHost(u *url.URL, schemes ...string) bool {
	return slices.Contains(schemes, u.Scheme) && u.Hostname() != "" && (u.Port() == "" || isPort(u.Port()))
}

// percentEncode is the remedy, in the format of a fault, if a password makes its URL invalid.
const percentEncode = "percent-encode special characters of the password (# as %%23, / as %%2F, ? as %%3F, %% as %%25)"

// isPostgres reports whether value is the URL of a PostgreSQL database. It is false if
// a special character in the password makes the URL mean something else.
func isPostgres(value string) bool {
	u, err := url.Parse(value)
	return err == nil && slices.Contains([]string{"postgres", "postgresql"}, u.Scheme) &&
		u.Host+u.Path+u.RawQuery != "" && u.Fragment == "" && !strings.Contains(u.Path, "@")
}

// Database returns the URL of a SQLite file or of a PostgreSQL database.
func (v *Vars) Database(key, fallback string) string {
	value := v.Secret(key)
	if value == "" {
		return fallback
	}
	scheme, path, _ := strings.Cut(value, "://")
	isSQLite := path != "" && (scheme == "sqlite3" || scheme == "sqlite")
	switch {
	case isSQLite && (strings.Contains(path, ":memory:") || strings.Contains(path, "mode=memory")): // each connection would have its own
		v.Fault(key, "%s names a database in memory, which would be lost: name a file, like sqlite3://storage/production.sqlite", key)
	case !isSQLite && !isPostgres(value):
		// Do not quote the value: it holds a password.
		v.Fault(key, "%s is neither sqlite3://path nor postgres://user:password@host/name: "+percentEncode, key)
	}
	return value
}

// MailFrom returns the sender of mails. The default is name with the email no-reply at
// host.
func (v *Vars) MailFrom(key, name, host string) *mail.Address {
	value := v.Get(key, "")
	if value == "" {
		if strings.Contains(host, ":") {
			host = "localhost" // an email cannot have an IPv6 as its domain
		}
		return &mail.Address{Name: name, Address: "no-reply@" + host}
	}
	from, err := mail.ParseAddress(value)
	if err != nil {
		if strings.Contains(value, "://") { // a mail server's URL may hold a password
			value = "…"
		}
		v.Fault(key, "%s=%s is not an email: write it like %s <login@example.com>", key, value, name)
	}
	return from
}

// MailServer returns the URL of a mail server, or nil.
func (v *Vars) MailServer(key string) *url.URL {
	value := v.Secret(key)
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || !hasHost(u, "smtp", "smtps") || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		// Do not quote the value: it holds a password.
		v.Fault(key, "%s is not a mail server: write it like smtp://user:password@mail.example.com:587, and "+percentEncode, key)
		return nil
	}
	return u
}

// KeyPair returns the files of a certificate and its private key, which must match, or "".
func (v *Vars) KeyPair(certVar, keyVar string) (certFile, keyFile string) {
	certFile, keyFile = v.Get(certVar, ""), v.Get(keyVar, "")
	if (certFile == "") != (keyFile == "") {
		v.Fault(certVar, "%s and %s go together: set both or neither", certVar, keyVar)
	} else if certFile != "" {
		if _, err := tls.LoadX509KeyPair(certFile, keyFile); err != nil {
			v.Fault(certVar, "%s and %s cannot be used: %v; correct their paths, permissions or pair", certVar, keyVar, err)
		}
	}
	return certFile, keyFile
}

// Prefixes returns the networks in a list separated by commas or spaces. A single IP
// is a network too.
func (v *Vars) Prefixes(key string) []netip.Prefix {
	var list []netip.Prefix
	for _, value := range strings.FieldsFunc(v.Get(key, ""), func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(value)
		if addr, addrErr := netip.ParseAddr(value); addrErr == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		// Clients' IPs are compared as IPv4, so ::ffff:10.0.0.0/104 would contain none.
		if err != nil || prefix.Addr().Is4In6() {
			v.Fault(key, "%s: %s is not a network: write it like 10.0.0.0/8", key, value)
			continue
		}
		list = append(list, prefix.Masked())
	}
	return list
}

// unicast holds the first and last unicast IP of IPv4, and of global IPv6.
var unicast = map[string][2]netip.Addr{
	"IPv4": {netip.MustParseAddr("1.0.0.0"), netip.MustParseAddr("223.255.255.255")},
	"IPv6": {netip.MustParseAddr("2000::"), netip.MustParseAddr("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")},
}

// Proxies is Prefixes for proxies whose headers are trusted. Together the networks
// must not cover all of IPv4 or IPv6: any client could claim any IP.
func (v *Vars) Proxies(key string) []netip.Prefix {
	list := v.Prefixes(key)
	for name, span := range unicast {
		if cover(list, span[0], span[1]) {
			v.Fault(key, "%s=%s covers all of %s, so that any client could claim any IP: name the proxy's network", key, v.Get(key, ""), name)
		}
	}
	return list
}

func cover(list []netip.Prefix, first, last netip.Addr) bool {
	for next := first; next.IsValid() && next.Compare(last) <= 0; {
		i := slices.IndexFunc(list, func(p netip.Prefix) bool { return p.Contains(next) })
		if i < 0 {
			return false
		}
		next = lastOf(list[i]).Next()
	}
	return true
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(b); bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

// LogLevel returns a slog level.
func (v *Vars) LogLevel(key string) slog.Level {
	var level slog.Level
	if value := v.Get(key, "info"); level.UnmarshalText([]byte(value)) != nil {
		v.Fault(key, "%s=%s is unknown: use debug, info, warn or error", key, value)
	}
	return level
}
