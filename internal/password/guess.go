package password

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/frequency"
	"github.com/trustelem/zxcvbn/match"
	"golang.org/x/net/idna"
)

// freeLists frees 1.5 MB: the word lists of zxcvbn, which keeps copies of them.
var freeLists = sync.OnceFunc(func() { frequency.FrequencyLists = nil })

// minPart is a number of letters. Shorter parts of an email occur in many words.
const minPart = 3

// guessable returns the message key of the reason why a normalized password can be
// guessed, or "".
func (p Policy) guessable(password, email string) (messageKey string) {
	freeLists()
	words, parts := p.personal(email)
	if result := judge(password, words); result.Score < minScore {
		return weakness(result.Sequence)
	}
	// zxcvbn rates three words in a row as unguessable, even if they are all parts of
	// the email.
	lower := strings.ToLower(password)
	if rest := parts.Replace(lower); rest != lower && judge(rest, words).Score < minScore {
		return "password.guessable_personal"
	}
	return ""
}

// judge returns zxcvbn's judgement of the first judgedCharacters of a password.
func judge(password string, words []string) zxcvbn.Result {
	if runes := []rune(password); len(runes) > judgedCharacters {
		password = string(runes[:judgedCharacters])
	}
	legible := newLegible(password)
	inputs := make([]string, len(words))
	for i, word := range words {
		inputs[i] = legible(word)
	}
	return zxcvbn.PasswordStrength(legible(password), inputs)
}

// personal returns the words that an attacker would try for an email: its parts and
// the policy's words. parts removes the words of at least minPart letters from a text
// in lower case.
func (p Policy) personal(email string) (words []string, parts *strings.Replacer) {
	local, domain, _ := strings.Cut(email, "@")
	name, _, _ := strings.Cut(local, "+")
	readable, _ := idna.ToUnicode(domain)
	words = append([]string{email, local, domain, readable}, p.Words...)
	var long []string
	for _, text := range append([]string{name, domain, readable}, p.Words...) {
		names := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
		for _, part := range append(names, strings.Join(names, "")) {
			if utf8.RuneCountInString(part) >= minPart {
				words, long = append(words, part), append(long, strings.ToLower(part))
			}
		}
	}
	slices.SortFunc(long, func(a, b string) int { return len(b) - len(a) }) // the longest first
	var removals []string
	for _, part := range long {
		removals = append(removals, part, "")
	}
	return words, strings.NewReplacer(removals...)
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

// newLegible returns a function that rewrites a text for zxcvbn: the password, or a word
// to compare it with.
//
// zxcvbn compares bytes, not characters. The function replaces each distinct non-ASCII
// character of the password by a control character, of which there are 17. Successive
// replacements differ by at least seven, because zxcvbn takes bytes that differ by up to
// five for a sequence.
//
// zxcvbn tries all combinations of look-alikes, such as four brackets for c and three
// characters for i. That can take a second, so the function keeps one bracket for c and
// maps | to !.
func newLegible(password string) func(text string) string {
	const firstByte, bytes, apart = 14, 17, 7 // bytes 14 to 30 have no line breaks
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
