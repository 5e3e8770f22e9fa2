// Package recovery makes the codes that a user prints and types when the other
// factors are lost, and keeps them in sets. Each works once:
//
//	codes, err := recovery.Issue(tx, set, 10)               // "K3QA-7XJM-…": show them once
//	ok, err := recovery.Redeem(tx, set, typed, time.Now()) // true for one of them, once
//
// The package needs this table, in PostgreSQL or SQLite:
//
//	CREATE TABLE recovery_codes (
//		id        UUID NOT NULL PRIMARY KEY,
//		factor_id UUID NOT NULL, -- the set
//		digest    BYTEA NOT NULL,
//		used_at   TIMESTAMP,
//		UNIQUE (factor_id, digest)
//	)
package recovery

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"unicode"
)

// New returns a code: 120 bits of crypto/rand as 24 characters of base32, in groups
// of four.
func New() string {
	random := make([]byte, 15)
	rand.Read(random) // never returns an error
	code := base32.StdEncoding.EncodeToString(random)
	for i := 4; i < len(code); i += 5 {
		code = code[:i] + "-" + code[i:]
	}
	return code
}

// Normalize returns the characters of base32 in a typed code. Case and separators
// are ignored, full-width characters mapped, and 0, 1 and 8, which base32 lacks, read
// as the letters that look like them in upper case.
func Normalize(typed string) string {
	return strings.Map(func(r rune) rune {
		if '！' <= r && r <= '～' { // full-width, as keyboards for Japanese type
			r -= '！' - '!'
		}
		switch r = unicode.ToUpper(r); {
		case 'A' <= r && r <= 'Z', '2' <= r && r <= '7':
			return r
		case r == '0':
			return 'O'
		case r == '1':
			return 'I'
		case r == '8':
			return 'B'
		}
		return -1
	}, typed)
}

// Digest returns the SHA-256 of a code, as New returned it or as typed, to be stored
// instead of the code. It needs neither salt nor a slow hash, as 2^120 codes cannot be
// tried (ASVS 6.5.2 asks for 112 bits), so one look-up finds it.
func Digest(code string) []byte {
	sum := sha256.Sum256([]byte(Normalize(code)))
	return sum[:]
}
