// Package email normalizes emails and finds mistyped ones.
package email

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

const (
	maxBytes      = 254 // RFC 5321, 4.5.3.1.3
	maxLocalBytes = 64  // before the @: RFC 5321, 4.5.3.1.1
)

// Normalize returns the canonical form of an email: trimmed, in lower case, its
// domain in ASCII. ok is false if typed is no email. Normalize is idempotent.
func Normalize(typed string) (email string, ok bool) {
	// Before anything else: norm loops on some invalid UTF-8 (GO-2026-5970).
	if len(typed) > 4*maxBytes || !utf8.ValidString(typed) || strings.ContainsFunc(typed, becomesASCII) {
		return "", false
	}
	local, domain, found := cutLast(strings.Map(lower, norm.NFC.String(strings.TrimSpace(typed))), "@")
	if !found || len(local) > maxLocalBytes || strings.ContainsFunc(local, invisible) {
		return "", false
	}
	// Registration maps nothing: it refuses a look-alike domain, which other
	// profiles turn into the real one.
	ascii, err := idna.Registration.ToASCII(domain)
	if err != nil {
		return "", false
	}
	email = local + "@" + ascii
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxBytes {
		return "", false
	}
	return email, true
}

// becomesASCII reports whether NFC turns r into ASCII. Prevents account takeover:
// U+212A, the Kelvin sign, would become the k of another email.
func becomesASCII(r rune) bool {
	return r >= utf8.RuneSelf && norm.NFC.String(string(r))[0] < utf8.RuneSelf
}

// Prevents spoofing: U+202E, for one, reverses what follows it.
func invisible(r rune) bool { return !unicode.IsPrint(r) }

// lower never maps to ASCII from beyond it, as unicode.ToLower does with U+0130.
func lower(r rune) rune {
	if l := unicode.ToLower(r); r < utf8.RuneSelf || l >= utf8.RuneSelf {
		return l
	}
	return r
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
