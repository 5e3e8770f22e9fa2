package password

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

const (
	maxCharacters = 128                // as hashed
	maxBytes      = 16 * maxCharacters // as typed: keyboards may send letters in parts
	// minScore is zxcvbn's "safely unguessable": at least 10^8 guesses.
	minScore = 3
	// judgedCharacters bounds zxcvbn's time, which grows faster than the password.
	judgedCharacters = 32
	// emoji is the pattern of a flag with tags, or of a symbol with an optional skin
	// tone. It includes unassigned characters that Unicode reserves for emoji.
	emoji = `(?:\x{1F3F4}[\x{E0030}-\x{E0039}\x{E0061}-\x{E007A}]+\x{E007F}|[\p{So}\p{Sm}\x{1F300}-\x{1FAFF}][\x{1F3FB}-\x{1F3FF}]?)`
)

// Normalize returns the form of a password that is hashed. It is OpaqueString of RFC
// 8265, which normalizes spaces and composition but keeps letters and case, with two
// exceptions. Normalize keeps emoji and other characters of keyboards that OpaqueString
// refuses, and drops variation selectors, which only some keyboards add to characters
// such as ❤. ok is false for control characters, invalid UTF-8 and more than 2048 bytes.
func Normalize(typed string) (normalized string, ok bool) {
	if len(typed) > maxBytes || !utf8.ValidString(typed) {
		return "", false
	}
	typed = selected.ReplaceAllString(norm.NFC.String(typed), "$1")
	if _, err := precis.OpaqueString.String(keyed.ReplaceAllString(typed, "☺")); err != nil {
		return "", false
	}
	return norm.NFC.String(strings.Map(space, typed)), true
}

var (
	// selected matches a symbol with a variation selector.
	selected = regexp.MustCompile(`([\p{S}\p{P}0-9ℹ])[\x{FE0E}\x{FE0F}]`)
	// keyed matches characters of keyboards that OpaqueString refuses: emoji with
	// joiners or tags, emoji newer than its tables, punctuation outside of the context
	// that RFC 5892, A, demands, signs that lengthen or repeat letters, the non-joiner of
	// Persian and the joiner of Bengali and Kannada.
	keyed = regexp.MustCompile(emoji + `(?:\x{200D}` + emoji + `)*|[·͵׳״・ـߺ〱-〵〻]|[\p{Bengali}\p{Kannada}](?:\x{200D}[\p{Bengali}\p{Kannada}])+|\p{Arabic}(?:\x{200C}\p{Arabic})+`)
)

// space maps every kind of space to the ASCII space.
func space(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}

// A Policy judges new passwords.
type Policy struct {
	Min   int      // minimum number of characters; the maximum is 128
	Words []string // an attacker's first guesses, such as the app's name and host
}

// Check returns the normalized form of a new password for the account at email,
// or a message key: password.too_short, too_long, unusable, or guessable with
// an optional _common, _word, _personal, _keys, _repeat, _sequence or _date.
func (p Policy) Check(typed, email string) (normalized, messageKey string) {
	normalized, ok := Normalize(typed)
	switch {
	case len(typed) > maxBytes, utf8.RuneCountInString(normalized) > maxCharacters:
		return "", "password.too_long"
	case typed != "" && !ok:
		return "", "password.unusable"
	case utf8.RuneCountInString(normalized) < p.Min:
		return "", "password.too_short"
	}
	if key := p.guessable(normalized, email); key != "" {
		return "", key
	}
	return normalized, ""
}
