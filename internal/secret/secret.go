package secret

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// minBytes is the size of the keys that are derived from a secret. A shorter
// secret would be the weakest part (ASVS 11.2.3).
const minBytes = 32

// published are secrets that documentation shows: anybody can sign with them.
var published = []string{
	"buffalo-secret",
	"replace-this-by-the-output-of-task-secret",
}

// New returns a new secret: 32 bytes of crypto/rand in hex.
func New() string { return hex.EncodeToString(random()) }

// random returns 32 random bytes.
func random() []byte {
	b := make([]byte, 32)
	rand.Read(b) // never returns an error
	return b
}

// Weakness returns what makes a secret unfit to derive keys from, such as "is
// shorter than 32 bytes", or "".
func Weakness(secret string) string {
	switch {
	case slices.ContainsFunc(published, func(p string) bool { return strings.Contains(secret, p) }):
		return "is an example"
	case len(secret) < minBytes:
		return fmt.Sprintf("is shorter than %d bytes", minBytes)
	case distinct(secret) < 8:
		return "can be guessed"
	case repeats(secret):
		return "repeats a short pattern"
	}
	return ""
}

// distinct returns the number of different bytes in s.
func distinct(s string) int {
	seen := map[byte]bool{}
	for i := range len(s) {
		seen[s[i]] = true
	}
	return len(seen)
}

// repeats reports whether s is one block of fewer than minBytes bytes, twice or
// more often. The last one may be cut.
func repeats(s string) bool {
	for size := 1; size < minBytes && size <= len(s)/2; size++ {
		if s[size:] == s[:len(s)-size] {
			return true
		}
	}
	return false
}
