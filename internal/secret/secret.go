package secret

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// minBytes is the size of the derived keys, which a shorter secret would weaken
// (ASVS 11.2.3).
const minBytes = 32

// published are secrets of documentation, which attackers know.
var published = []string{
	"buffalo-secret",
	"replace-this-by-the-output-of-task-secret",
}

// New returns a secret: 32 bytes of crypto/rand in hex.
func New() string { return hex.EncodeToString(random()) }

func random() []byte {
	b := make([]byte, 32)
	rand.Read(b) // never returns an error
	return b
}

// Weakness returns why a secret is unfit for deriving keys, such as "is shorter
// than 32 bytes", or "".
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
	case counts(secret):
		return "is a sequence"
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

// repeats reports whether at least half of s repeats a block shorter than minBytes. In a
// random secret of hex digits, a sixteenth is equal by chance.
func repeats(s string) bool {
	for size := 1; size < minBytes && size <= len(s)/2; size++ {
		if mostly(s, size, 0) {
			return true
		}
	}
	return false
}

// counts reports whether at least half of s counts up or down, as in "0123456789" or "zyxwvu".
func counts(s string) bool { return mostly(s, 1, 1) || mostly(s, 1, 255) }

// mostly reports whether s[i] is s[i-size]+step for at least half of the bytes.
func mostly(s string, size int, step byte) bool {
	found := 0
	for i := size; i < len(s); i++ {
		if s[i] == s[i-size]+step {
			found++
		}
	}
	return 2*found >= len(s)
}
