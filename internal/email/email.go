// Package email normalizes email addresses, and finds the one that was meant
// where a letter was mistyped.
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
	maxBytes      = 254 // of an email that SMTP can carry (RFC 5321, 4.5.3.1.3)
	maxLocalBytes = 64  // of the part before the @ (RFC 5321, 4.5.3.1.1)
)

// Normalize returns the canonical form of an email, in which it is stored and
// looked up: without surrounding space, in lower case, its domain in ASCII. ok
// is false if typed is no email. Normalizing the result returns it unchanged.
func Normalize(typed string) (email string, ok bool) {
	// Before anything else: norm loops on some invalid UTF-8 (GO-2026-5970).
	if len(typed) > 4*maxBytes || !utf8.ValidString(typed) || strings.ContainsFunc(typed, becomesASCII) {
		return "", false
	}
	local, domain, found := cutLast(strings.Map(lower, norm.NFC.String(strings.TrimSpace(typed))), "@")
	if !found || len(local) > maxLocalBytes || strings.ContainsFunc(local, invisible) {
		return "", false
	}
	// Registration maps nothing: it refuses a look-alike of a domain, where
	// another profile would turn it into that domain.
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

// becomesASCII reports whether r is a character beyond ASCII that NFC turns into
// ASCII. Prevents account takeover: U+212A, the Kelvin sign, would become the k
// of another user's email.
func becomesASCII(r rune) bool {
	return r >= utf8.RuneSelf && norm.NFC.String(string(r))[0] < utf8.RuneSelf
}

// invisible reports whether r is not seen. Prevents spoofing: U+202E, for one,
// shows what follows it from right to left.
func invisible(r rune) bool { return !unicode.IsPrint(r) }

// lower returns r in lower case, but never maps a character beyond ASCII to
// ASCII, as unicode.ToLower does with U+0130.
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
