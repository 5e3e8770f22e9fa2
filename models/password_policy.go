package models

import (
	"strings"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"golang.org/x/text/secure/precis"
)

const (
	maxPasswordCharacters = 128
	// minStrength is zxcvbn's "safely unguessable": 10^8 guesses or more.
	minStrength = 3
	// judgedCharacters bounds zxcvbn's work, which grows faster than the password.
	judgedCharacters = 64
)

// appWords are context words that make a password easy to guess here.
var appWords = []string{"corral", "login", "password"}

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
	case guessable(prepared, email):
		return "", "password.guessable"
	}
	return prepared, ""
}

func guessable(password, email string) bool {
	if runes := []rune(password); len(runes) > judgedCharacters {
		password = string(runes[:judgedCharacters])
	}
	local, domain, _ := strings.Cut(email, "@")
	context := append([]string{email, local, domain, settings.Host.Hostname()}, appWords...)
	return zxcvbn.PasswordStrength(password, context).Score < minStrength
}
