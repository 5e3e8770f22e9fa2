package password

import (
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

const (
	maxCharacters = 128
	// minScore is zxcvbn's "safely unguessable": at least 10^8 guesses.
	minScore = 3
	// judgedCharacters bounds zxcvbn's work, which grows faster than the
	// password.
	judgedCharacters = 32
)

// Normalize returns the form of a password that is hashed: OpaqueString of RFC
// 8265, which changes spaces and composition but never letters or case. ok is
// false for control characters, invalid UTF-8 and more than 512 bytes.
func Normalize(typed string) (normalized string, ok bool) {
	if len(typed) > utf8.UTFMax*maxCharacters || !utf8.ValidString(typed) {
		return "", false
	}
	normalized, err := precis.OpaqueString.String(typed)
	return normalized, err == nil
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
	if utf8.RuneCountInString(typed) > maxCharacters {
		return "", "password.too_long"
	}
	normalized, ok := Normalize(typed)
	switch {
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
