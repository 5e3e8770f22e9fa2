package models

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxEmailBytes is the longest address that SMTP can carry (RFC 5321, 4.5.3.1.3).
const maxEmailBytes = 254

// NormalizeEmail returns the one form in which an address is stored and looked
// up: without white space around it, in lower case, its domain in ASCII. ok is
// false when it is not an address.
func NormalizeEmail(typed string) (email string, ok bool) {
	// Before anything else: norm loops on some invalid UTF-8 (GO-2026-5970).
	if len(typed) > 4*maxEmailBytes || !utf8.ValidString(typed) || strings.ContainsFunc(typed, looksASCII) {
		return "", false
	}
	local, domain, found := cutLast(strings.Map(lower, norm.NFC.String(strings.TrimSpace(typed))), "@")
	if !found || len(local) > 64 || strings.ContainsFunc(local, invisible) {
		return "", false
	}
	// Registration maps nothing: a look-alike of somebody's domain is refused, not folded into it.
	ascii, err := idna.Registration.ToASCII(domain)
	if err != nil {
		return "", false
	}
	email = local + "@" + ascii
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmailBytes {
		return "", false
	}
	return email, true
}

// looksASCII says whether a character is normalised into ASCII: U+212A, the
// Kelvin sign, would become the k of somebody else's address.
func looksASCII(r rune) bool {
	return r >= utf8.RuneSelf && norm.NFC.String(string(r))[0] < utf8.RuneSelf
}

// invisible says whether a character is none that is seen, such as U+202E,
// which turns what follows it around: an address must look like what it is.
func invisible(r rune) bool { return !unicode.IsPrint(r) }

// lower is lower case, but never from outside ASCII into it, as U+0130 would.
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
