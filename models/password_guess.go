package models

import (
	"strings"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/frequency"
	"github.com/trustelem/zxcvbn/match"
)

// zxcvbn has put its word lists into dictionaries by now, and needs them no
// more: a sixth of what the app holds in memory, and of what the collector walks.
func init() { frequency.FrequencyLists = nil }

// guessable judges a prepared password by its first judgedCharacters. It
// returns the locale key of what makes it easy to guess, or "".
func guessable(password, email string) (problem string) {
	if runes := []rune(password); len(runes) > judgedCharacters {
		password = string(runes[:judgedCharacters])
	}
	local, domain, _ := strings.Cut(email, "@")
	context := []string{email, local, domain, settings.Host.Hostname(), appName}
	legible := newLegible(password)
	for i, word := range context {
		context[i] = legible(word)
	}
	result := zxcvbn.PasswordStrength(legible(password), context)
	if result.Score >= minStrength {
		return ""
	}
	return weakness(result.Sequence)
}

// weakness is the locale key of the pattern that most of the password is made of.
func weakness(sequence []*match.Match) string {
	most := &match.Match{}
	for _, m := range sequence {
		if len(m.Token) > len(most.Token) {
			most = m
		}
	}
	switch most.Pattern {
	case "dictionary":
		return dictionaryWeakness(most.DictionaryName)
	case "spatial":
		return "password.guessable_keys"
	case "repeat":
		return "password.guessable_repeat"
	case "sequence":
		return "password.guessable_sequence"
	case "date", "regex": // the one regular expression is that of a year
		return "password.guessable_date"
	}
	return "password.guessable"
}

func dictionaryWeakness(dictionary string) string {
	switch dictionary {
	case "user_inputs":
		return "password.guessable_personal"
	case "passwords":
		return "password.guessable_common"
	}
	return "password.guessable_word"
}

// newLegible returns what writes text as zxcvbn can read it beside a password.
//
// It finds repetitions by the byte, so what is not ASCII gets a byte that means
// nothing else, the same one for the same character. Neighbours are seven
// apart, for those closer than six would be a sequence.
//
// And it tries every way to read the characters that stand for letters: with
// four brackets for one c, and three strokes for one i, that takes a second.
func newLegible(password string) func(text string) string {
	const firstByte, bytes, apart = 14, 17, 7 // no line break among them
	places := map[rune]int{}
	for _, r := range password {
		if _, known := places[r]; r >= utf8.RuneSelf && !known {
			places[r] = len(places)
		}
	}
	return func(text string) string {
		return strings.Map(func(r rune) rune {
			switch place, known := places[r]; {
			case known:
				return rune(firstByte + place*apart%bytes)
			case strings.ContainsRune("{[<", r):
				return '('
			case r == '|':
				return '!'
			}
			return r
		}, text)
	}
}
