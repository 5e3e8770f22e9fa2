package models

import (
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

const (
	maxPasswordCharacters = 128
	// minStrength is zxcvbn's "safely unguessable": 10^8 guesses or more.
	minStrength = 3
	// judgedCharacters bounds zxcvbn's work, which grows faster than the password.
	judgedCharacters = 32
)

// appName is what an attacker tries here first.
const appName = "corral"

// preparePassword returns the form that is hashed: RFC 8265, OpaqueString. It
// changes spaces and composition, never letters. ok is false for what no
// keyboard types: invalid UTF-8, control characters.
func preparePassword(typed string) (prepared string, ok bool) {
	if len(typed) > utf8.UTFMax*maxPasswordCharacters || !utf8.ValidString(typed) {
		return "", false
	}
	prepared, err := precis.OpaqueString.String(typed)
	return prepared, err == nil
}

// CheckPassword judges a new password for the account at email. problem is the
// locale key of what is wrong with it, or "".
func CheckPassword(typed, email string) (prepared, problem string) {
	if utf8.RuneCountInString(typed) > maxPasswordCharacters {
		return "", "password.too_long"
	}
	prepared, ok := preparePassword(typed)
	switch {
	case typed != "" && !ok:
		return "", "password.unusable"
	case utf8.RuneCountInString(prepared) < settings.PasswordMin:
		return "", "password.too_short"
	}
	if problem := guessable(prepared, email); problem != "" {
		return "", problem
	}
	return prepared, ""
}
