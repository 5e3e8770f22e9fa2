package password

import (
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

const (
	maxCharacters = 128
	// minScore is zxcvbn's "safely unguessable": 10^8 guesses or more.
	minScore = 3
	// judgedCharacters bounds the work of zxcvbn, which grows faster than the password.
	judgedCharacters = 32
)

// Normalize returns the form of a password that is hashed: RFC 8265,
// OpaqueString. It changes spaces and the composition of characters, never
// letters or their case. ok is false for what no keyboard types, such as control
// characters and invalid UTF-8, and for more than 512 bytes.
func Normalize(typed string) (normalized string, ok bool) {
	if len(typed) > utf8.UTFMax*maxCharacters || !utf8.ValidString(typed) {
		return "", false
	}
	normalized, err := precis.OpaqueString.String(typed)
	return normalized, err == nil
}

// A Policy judges new passwords.
type Policy struct {
	Min   int      // characters that a password has at least; the most is 128
	Words []string // what an attacker tries first, such as the names of the app and its host
}

// Check judges a new password for the account at email. It returns the normalized
// password, or the message key of what is wrong with it: password.too_short,
// too_long, unusable, or guessable, which _common, _word, _personal, _keys,
// _repeat, _sequence or _date may follow.
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
