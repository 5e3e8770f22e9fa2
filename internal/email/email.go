// Package email normalizes emails and suggests corrections of mistyped ones.
package email

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

const (
	maxBytes      = 254 // RFC 5321, 4.5.3.1.3
	maxLocalBytes = 64  // before the @: RFC 5321, 4.5.3.1.1
)

// Normalize returns the canonical form of an email: in lower case, with its domain in
// ASCII, and without spaces and invisible characters around it. ok is false if typed
// is no email. Normalize is idempotent.
func Normalize(typed string) (email string, ok bool) {
	// This check is first: norm loops on some invalid UTF-8 (GO-2026-5970).
	if len(typed) > 4*maxBytes || !utf8.ValidString(typed) || strings.ContainsFunc(typed, becomesASCII) {
		return "", false
	}
	trimmed := strings.TrimFunc(typed, invisible)
	// Twice: J̌, two characters, becomes ǰ, which is one, but İ must not become i and a dot.
	local, domain, found := cutLast(norm.NFC.String(strings.Map(lower, norm.NFC.String(trimmed))), "@")
	if !found || len(local) > maxLocalBytes || !legible(local) {
		return "", false
	}
	// The Registration profile refuses a look-alike domain. Other profiles would map
	// it to the real one.
	ascii, err := idna.Registration.ToASCII(domain)
	if err != nil {
		return "", false
	}
	email = local + "@" + ascii
	parsed, err := ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxBytes {
		return "", false
	}
	return email, true
}

// Shown returns typed text as valid UTF-8 to show again, or "" if longer than any email.
func Shown(typed string) string {
	typed = strings.ReplaceAll(strings.ToValidUTF8(typed, ""), "\x00", "")
	if len(typed) > maxBytes {
		return ""
	}
	return typed
}

// ParseAddress is [mail.ParseAddress] that also accepts dots where RFC 5321 has
// none, as in a..b@docomo.ne.jp: some providers have given out such emails. The
// result's String quotes the part before the @, as SMTP requires.
func ParseAddress(address string) (*mail.Address, error) {
	parsed, err := mail.ParseAddress(address)
	if err == nil {
		return parsed, nil
	}
	local, domain, _ := cutLast(address, "@")
	undotted := strings.ReplaceAll(local, ".", "") + "@" + domain
	if parsed, err := mail.ParseAddress(undotted); err == nil && parsed.Address == undotted {
		return &mail.Address{Address: address}, nil
	}
	return nil, err
}

// becomesASCII reports whether NFC turns r into ASCII. Prevents account takeover:
// U+212A, the Kelvin sign, would become the k of another email.
func becomesASCII(r rune) bool {
	return r >= utf8.RuneSelf && norm.NFC.String(string(r))[0] < utf8.RuneSelf
}

// invisible reports whether r is often copied along with an email and not seen: a space
// or a format character such as U+200B, U+2068 and U+FEFF. It is false for U+202E,
// which reverses the text that follows it.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) && r != '\u202e'
}

// identifier refuses invisible characters by their Unicode properties: controls,
// default ignorables, and joiners that join nothing. It also refuses symbols beyond
// ASCII, some of which are blank.
var identifier = precis.NewIdentifier()

// legible reports whether all of local is visible. Prevents spoofing.
func legible(local string) bool {
	_, err := identifier.String(local)
	return err == nil
}

// lower is unicode.ToLower, but does not change a character beyond ASCII to an ASCII one:
// ToLower changes U+0130 to i.
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
