// Package recovery makes recovery codes: a user prints them, and types one to log in
// when the other factors are lost. It stores the codes in sets. Each code works once:
//
//	codes, err := recovery.Issue(tx, set, 10)               // "K3QA-7XJM-…": show them once
//	ok, err := recovery.Redeem(tx, set, typed, time.Now()) // true for one of the codes, once
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
// are ignored and full-width characters mapped. Base32 has no 0, 1 and 8, so these are
// read as the letters O, I and B.
func Normalize(typed string) string {
	return strings.Map(func(r rune) rune {
		if '！' <= r && r <= '～' { // full-width characters of Japanese keyboards
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

// Digest returns the SHA-256 of a code, normalized, which is stored instead of the
// code. An attacker cannot test 2^120 codes, so the digest needs neither a salt nor a
// slow hash (ASVS 6.5.2 asks for 112 bits), and one query finds it.
func Digest(code string) []byte {
	sum := sha256.Sum256([]byte(Normalize(code)))
	return sum[:]
}
