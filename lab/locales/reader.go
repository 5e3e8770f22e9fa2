package locales

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	tag "golang.org/x/text/language"
)

// Reader recognizes the texts of one language, and records which of them it has seen.
type Reader struct {
	Language string // a BCP 47 tag, such as pt-BR
	texts    Texts
	patterns map[string]*regexp.Regexp // by key
	seen     map[string]bool           // by key
	names    map[string]string         // the name of each language in itself
}

// Readers returns a Reader for each shipped language.
func Readers(t testing.TB) []*Reader {
	t.Helper()
	languages, _, err := Read(shipped())
	require.NoError(t, err)
	names := map[string]string{}
	for language, texts := range languages {
		names[language] = texts["language.name"].Other()
	}
	var readers []*Reader
	for _, language := range slices.Sorted(maps.Keys(languages)) {
		r := &Reader{tag.Make(language).String(), languages[language], map[string]*regexp.Regexp{}, map[string]bool{}, names}
		for key, text := range r.texts {
			r.patterns[key] = regexp.MustCompile(text.pattern())
		}
		readers = append(readers, r)
	}
	return readers
}

// pattern returns a pattern of the text. A placeholder matches any word, and the placeholder
// of a time several words.
func (t Text) pattern() string {
	var alternatives []string
	for _, form := range t.Forms {
		parts := placeholder.Split(trim(form), -1)
		names := placeholder.FindAllString(trim(form), -1)
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
			if i < len(names) {
				parts[i] += map[bool]string{true: `.+`, false: `\S+`}[names[i] == "{{.until}}"]
			}
		}
		alternatives = append(alternatives, strings.Join(parts, ""))
	}
	return "^(?:" + strings.Join(alternatives, "|") + ")$"
}

// Unseen returns the keys of texts that the Reader has not seen in a page.
func (r *Reader) Unseen() []string {
	var keys []string
	for key := range r.texts {
		if !r.seen[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// UntranslatedOf returns the texts of a page that are not in the locale file of its language.
func (r *Reader) UntranslatedOf(t testing.TB, page string) []string {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false)) // false: parse noscript elements
	require.NoError(t, err)
	var untranslated []string
	for node := range root.Descendants() {
		for _, text := range textsOf(node) {
			if text != r.names[strings.ToLower(attribute(node.Parent, "lang"))] { // a language's name in the language chooser
				untranslated = append(untranslated, r.Untranslated(text)...)
			}
		}
	}
	return untranslated
}

// LooseEmails returns the texts of an Arabic page with an email that the direction of the
// text around it may disorder: one that is neither isolated nor in an element that
// is written from left to right. Texts that nobody sees do not count.
func (r *Reader) LooseEmails(t testing.TB, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var loose []string
	for node := range root.Descendants() {
		if r.Language == "ar" && node.Type == html.TextNode && !hasDirection(node.Parent) && email.MatchString(isolated.ReplaceAllString(node.Data, "")) {
			loose = append(loose, node.Data)
		}
	}
	return loose
}

var (
	email    = regexp.MustCompile(`\w@[\w-]+\.[a-z]`)
	isolated = regexp.MustCompile(`\x{2068}[^\x{2069}]*\x{2069}`)
)

func hasDirection(node *html.Node) bool {
	for ; node != nil && node.Data != "body"; node = node.Parent {
		if node.Data == "bdi" || attribute(node, "dir") == "ltr" || attribute(node, "class") == "visually-hidden" {
			return true
		}
	}
	return false
}

// shownAttributes are the attributes whose values users see or hear. Attributes whose
// values scripts show are not listed: they begin with data-.
var shownAttributes = []string{"alt", "title", "label", "placeholder", "aria-label", "aria-description"}

// textsOf returns the texts of a node that users see or hear.
func textsOf(node *html.Node) []string {
	switch {
	case node.Type == html.TextNode && !slices.Contains([]string{"script", "style", "pre"}, node.Parent.Data):
		return []string{node.Data}
	case node.Type == html.ElementNode:
		var texts []string
		for _, a := range node.Attr {
			if slices.Contains(shownAttributes, a.Key) || strings.HasPrefix(a.Key, "data-") ||
				a.Key == "content" && attribute(node, "name") == "description" {
				texts = append(texts, a.Val)
			}
		}
		return texts
	}
	return nil
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// Untranslated splits a text at middle dots, and returns the parts that are neither a
// text of the language nor universal.
func (r *Reader) Untranslated(text string) []string {
	var untranslated []string
	for _, part := range strings.Split(text, " · ") {
		if part = trim(part); part != "" && !r.recognizes(part) && !universal.MatchString(part) && !r.isTime(part) {
			untranslated = append(untranslated, part)
		}
	}
	return untranslated
}

func (r *Reader) recognizes(part string) bool {
	found := false
	for key, pattern := range r.patterns {
		if pattern.MatchString(part) {
			r.seen[key], found = true, true
		}
	}
	return found
}

func (r *Reader) isTime(part string) bool {
	_, err := time.Parse(r.texts["time.layout"].Other(), part)
	return err == nil
}

// universal matches texts that are the same in all languages: numbers, emails, IPs,
// links, paths, codes, the IDs of accounts, and the dashes before a mail's signature.
var universal = regexp.MustCompile(`^(?:\d+|[\w.+-]+@[\w.-]+|[\da-f]*[.:][\d.:a-f]+|https?://\S+|/[\w/-]+|[\w-]{22}|--|(?:[A-Z2-7]{4}[ -]?){6,8})$`)

func trim(text string) string {
	return strings.Trim(strings.Join(strings.Fields(text), " "), " ():")
}
