package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/joho/godotenv"
)

// env is the environment while it is being read, and what is wrong with it.
type env struct {
	values  map[string]string
	dir     string
	dotenv  bool // there is a .env in dir
	testing bool // running under go test
	faults  []error
	faulty  map[string]bool // by variable
}

func newEnv(environ []string, dir string, underTest bool) *env {
	e := &env{values: map[string]string{}, dir: dir, testing: underTest, faulty: map[string]bool{}}
	if !underTest {
		e.readDotenv()
	}
	for _, pair := range environ {
		if key, value, ok := strings.Cut(pair, "="); ok {
			e.values[key] = value // a real variable wins over the file
		}
	}
	return e
}

func (e *env) readDotenv() {
	values, err := godotenv.Read(filepath.Join(e.dir, ".env"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if e.dotenv = true; err != nil {
		// What is wrong is not repeated: the parser quotes the file, which may hold secrets.
		e.fault(".env", ".env cannot be read: mend or remove it")
		return
	}
	e.values = values
}

// fault notes what is wrong with a variable, in one line.
func (e *env) fault(key, format string, args ...any) {
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...))
	e.faults = append(e.faults, errors.New(line))
	e.faulty[key] = true
}

// get returns a variable without the white space around it, or fallback.
func (e *env) get(key, fallback string) string {
	if v := strings.TrimSpace(e.values[key]); v != "" {
		return v
	}
	return fallback
}

// secret is get for what must not be seen: KEY_FILE may name a file that holds
// it. Neither the value nor KEY_FILE's is ever repeated: people mix them up.
func (e *env) secret(key string) string {
	path := e.get(key+"_FILE", "")
	if path == "" {
		return e.get(key, "")
	}
	if e.get(key, "") != "" {
		e.fault(key, "%s and %s_FILE are both set: keep one", key, key)
		return ""
	}
	content, err := os.ReadFile(path)
	if err != nil {
		e.fault(key, "%s_FILE names a file that cannot be read: %v", key, errors.Unwrap(err))
		return ""
	}
	v := strings.TrimSpace(string(content))
	if v == "" {
		e.fault(key, "%s_FILE names a file that is empty", key)
	}
	return v
}

func (e *env) environment() string {
	if e.testing {
		return e.oneOf("GO_ENV", Test, Development, Production)
	}
	name := e.oneOf("GO_ENV", Development, Test, Production)
	if name == Test {
		e.fault("GO_ENV", "GO_ENV=test is for go test only: use development or production")
	}
	return name
}

func (e *env) production() bool { return e.get("GO_ENV", "") == Production }

// oneOf returns the variable, which must be one of the values; the first is the default.
func (e *env) oneOf(key string, values ...string) string {
	v := e.get(key, values[0])
	if !slices.Contains(values, v) {
		e.fault(key, "%s=%s is unknown: use %s", key, v, strings.Join(values, ", "))
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
		e.fault(key, "%s=%s is not a time span of at least a second: write it like 30m or 12h", key, v)
		return fallback
	}
	return d
}

func (e *env) passwordMin() int {
	v := e.get("PASSWORD_MIN", "15")
	n, err := strconv.Atoi(v)
	if err != nil || n < 8 || n > 64 {
		e.fault("PASSWORD_MIN", "PASSWORD_MIN=%s: use a number from 8 to 64", v)
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
		// ::ffff:10.0.0.0/104 would match nobody: clients are compared as IPv4.
		if err != nil || prefix.Addr().Is4In6() {
			e.fault(key, "%s: %s is not a network: write it like 10.0.0.0/8", key, v)
			continue
		}
		list = append(list, prefix.Masked())
	}
	return list
}

func (e *env) logLevel() slog.Level {
	var level slog.Level
	if v := e.get("LOG_LEVEL", "info"); level.UnmarshalText([]byte(v)) != nil {
		e.fault("LOG_LEVEL", "LOG_LEVEL=%s is unknown: use debug, info, warn or error", v)
	}
	return level
}
