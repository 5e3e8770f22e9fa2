package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// minSecretBytes is what HMAC-SHA-256 and AES-256 keys are derived from: fewer
// bytes than the keys have would be the weakest part (ASVS 11.2.3).
const minSecretBytes = 32

// wellKnown are secrets that stand in documents, so that anybody can sign with them.
var wellKnown = []string{
	"buffalo-secret",
	"replace-this-by-the-output-of-task-secret",
}

// NewSecret returns a fresh secret as text: 32 bytes from crypto/rand in hex.
func NewSecret() string {
	b := make([]byte, minSecretBytes)
	rand.Read(b) // never fails, crypto/rand says
	return hex.EncodeToString(b)
}

func (e *env) sessionSecrets() []string {
	value := e.secret("SESSION_SECRET")
	switch {
	case value != "":
		return e.checkedSecrets(value)
	case e.testing:
		return []string{NewSecret()}
	case e.production():
		e.fault("SESSION_SECRET is missing: set it to the output of `corral task secret`")
		return nil
	default:
		return e.developmentSecret()
	}
}

func (e *env) checkedSecrets(value string) []string {
	secrets := strings.Split(value, ",")
	for i, secret := range secrets {
		secrets[i] = strings.TrimSpace(secret)
		switch {
		case slices.ContainsFunc(wellKnown, func(known string) bool { return strings.Contains(secrets[i], known) }):
			e.fault("SESSION_SECRET, value %d, is an example: set it to the output of `corral task secret`", i+1)
		case len(secrets[i]) < minSecretBytes:
			e.fault("SESSION_SECRET, value %d, is shorter than %d bytes: set it to the output of `corral task secret`", i+1, minSecretBytes)
		case distinct(secrets[i]) < 8:
			e.fault("SESSION_SECRET, value %d, can be guessed: set it to the output of `corral task secret`", i+1)
		}
	}
	return secrets
}

func distinct(s string) int {
	seen := map[byte]bool{}
	for i := range len(s) {
		seen[s[i]] = true
	}
	return len(seen)
}

// developmentSecret makes a secret at the first start and keeps it, so that a
// restart on save does not sign the developer out.
func (e *env) developmentSecret() []string {
	path := filepath.Join(e.dir, "storage", "development.secret")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		content = []byte(NewSecret())
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = os.WriteFile(path, content, 0o600)
		}
	}
	if err != nil {
		e.faults = append(e.faults, fmt.Errorf("the development secret cannot be kept: %w", err))
	}
	return []string{strings.TrimSpace(string(content))}
}

// refuseUnsafe lists what may be missing elsewhere but not in production.
func (e *env) refuseUnsafe(c Config) {
	if e.dotenv {
		e.fault("a .env file lies beside the app: its values would replace the real environment; remove it")
	}
	if c.Host.Scheme != "https" {
		e.fault("HOST=%s is not https: a password must not cross the network in the clear", c.Host)
	}
	if len(c.TrustedProxies) == 0 && !c.TLS() {
		e.fault("nothing ends TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE")
	}
	if c.SMTP == nil {
		e.fault("SMTP_URL is missing: people could not reset a password")
	}
}
