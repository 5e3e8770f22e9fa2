package password

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/frequency"
	"github.com/trustelem/zxcvbn/match"
)

// freeLists frees zxcvbn's word lists, 1.5 MB, which it has copied into
// dictionaries.
var freeLists = sync.OnceFunc(func() { frequency.FrequencyLists = nil })

// guessable returns the message key of what makes the first judgedCharacters of
// a normalized password guessable, or "".
func (p Policy) guessable(password, email string) (messageKey string) {
	freeLists()
	if runes := []rune(password); len(runes) > judgedCharacters {
		password = string(runes[:judgedCharacters])
	}
	local, domain, _ := strings.Cut(email, "@")
	legible := newLegible(password)
	personal := append([]string{email, local, domain}, p.Words...)
	for i, word := range personal {
		personal[i] = legible(word)
	}
	result := zxcvbn.PasswordStrength(legible(password), personal)
	if result.Score >= minScore {
		return ""
	}
	return weakness(result.Sequence)
}

// weakness returns the message key of the pattern that covers most of a
// password.
func weakness(sequence []*match.Match) (messageKey string) {
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
	case "date", "regex": // the only regular expression is that of a year
		return "password.guessable_date"
	}
	return "password.guessable"
}

func dictionaryWeakness(dictionary string) (messageKey string) {
	switch dictionary {
	case "user_inputs":
		return "password.guessable_personal"
	case "passwords":
		return "password.guessable_common"
	}
	return "password.guessable_word"
}

// newLegible returns a function that rewrites a password, or a word to compare
// it with, for zxcvbn.
//
// zxcvbn finds repetitions by the byte, so each non-ASCII character of the
// password becomes a control character of its own, while there are enough.
// Neighbors are seven apart: zxcvbn takes bytes up to five apart for a
// sequence.
//
// zxcvbn tries all combinations of substitutions. Four brackets for c and three
// strokes for i would take a second, so one of each remains.
func newLegible(password string) func(text string) string {
	const firstByte, bytes, apart = 14, 17, 7 // avoids line breaks
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
