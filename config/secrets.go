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

func (e *env) sessionSecrets(environment string) []string {
	value := e.secret("SESSION_SECRET")
	switch {
	case value != "":
		return e.checkedSecrets(value)
	case e.faulty["SESSION_SECRET"], e.faulty["GO_ENV"]:
		return nil // told already
	case e.testing:
		return []string{NewSecret()}
	case environment == Development:
		return e.developmentSecret()
	default:
		e.fault("SESSION_SECRET", "SESSION_SECRET is missing: set it to the output of `corral task secret`")
		return nil
	}
}

func (e *env) checkedSecrets(value string) []string {
	secrets := strings.Split(value, ",")
	for i, secret := range secrets {
		secrets[i] = strings.TrimSpace(secret)
		if problem := weakness(secrets[i]); problem != "" {
			e.fault("SESSION_SECRET", "SESSION_SECRET, value %d, %s: set it to the output of `corral task secret`", i+1, problem)
		}
	}
	return secrets
}

func weakness(secret string) string {
	switch {
	case slices.ContainsFunc(wellKnown, func(known string) bool { return strings.Contains(secret, known) }):
		return "is an example"
	case len(secret) < minSecretBytes:
		return fmt.Sprintf("is shorter than %d bytes", minSecretBytes)
	case distinct(secret) < 8:
		return "can be guessed"
	}
	return ""
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
		err = writeWhole(path, content)
	}
	secret := strings.TrimSpace(string(content))
	switch {
	case err != nil:
		e.fault("SESSION_SECRET", "the development secret cannot be kept: %v", err)
	case weakness(secret) != "":
		e.fault("SESSION_SECRET", "%s is damaged: remove it, and the next start makes another", path)
	}
	return []string{secret}
}

// writeWhole makes a file that only its owner reads. Another process sees all
// of it or nothing: half a secret would be a weak one.
func writeWhole(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone by then, unless something failed
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// refuseUnsafe lists what may be missing elsewhere but not in production. What
// is set but faulty was told already.
func (e *env) refuseUnsafe(c Config) {
	if e.dotenv {
		e.fault(".env", "a .env file lies beside the app: its values would replace the real environment; remove it")
	}
	if len(c.TrustedProxies) == 0 && !c.TLS() && !e.faulty["TRUSTED_PROXIES"] && !e.faulty["TLS_CERT_FILE"] {
		e.fault("TRUSTED_PROXIES", "nothing ends TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE")
	}
	if c.SMTP == nil && !e.faulty["SMTP_URL"] {
		e.fault("SMTP_URL", "SMTP_URL is missing: people could not reset a password")
	}
}
