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

// Reader recognizes the texts of one language and records those it met.
type Reader struct {
	Language string // a BCP 47 tag: pt-BR
	texts    Texts
	says     map[string]*regexp.Regexp // by key
	heard    map[string]bool
	names    map[string]string // language names by language
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
			r.says[key] = regexp.MustCompile(text.pattern())
		}
		readers = append(readers, r)
	}
	return readers
}

// pattern matches a text with any words for its placeholders.
func (t Text) pattern() string {
	var alternatives []string
	for _, form := range t.Forms {
		parts := placeholder.Split(trim(form), -1)
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		alternatives = append(alternatives, strings.Join(parts, `\S+`))
	}
	return "^(?:" + strings.Join(alternatives, "|") + ")$"
}

// Unheard returns the keys of texts that were not met.
func (r *Reader) Unheard() []string {
	var keys []string
	for key := range r.texts {
		if !r.heard[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Page returns what a page says that its language's file does not.
func (r *Reader) Page(t testing.TB, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var strange []string
	for node := range root.Descendants() {
		for _, said := range sayings(node) {
			if said != r.names[strings.ToLower(attribute(node.Parent, "lang"))] { // in the chooser
				strange = append(strange, r.Strange(said)...)
			}
		}
	}
	return strange
}

// spoken are the attributes that users see or hear, besides those for scripts.
var spoken = []string{"alt", "title", "label", "placeholder", "aria-label", "aria-description"}

// sayings returns the texts of a node.
func sayings(node *html.Node) []string {
	switch {
	case node.Type == html.TextNode && !slices.Contains([]string{"script", "style", "pre"}, node.Parent.Data):
		return []string{node.Data}
	case node.Type == html.ElementNode:
		var said []string
		for _, a := range node.Attr {
			if slices.Contains(spoken, a.Key) || strings.HasPrefix(a.Key, "data-") ||
				a.Key == "content" && attribute(node, "name") == "description" {
				said = append(said, a.Val)
			}
		}
		return said
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

// Strange returns the parts, between dots and brackets, that are neither a text
// of the language nor universal.
func (r *Reader) Strange(said string) []string {
	var strange []string
	for _, part := range strings.Split(said, " · ") {
		if part = trim(part); part != "" && !r.hears(part) && !universal.MatchString(part) && !r.isTime(part) {
			strange = append(strange, part)
		}
	}
	return strange
}

func (r *Reader) hears(part string) bool {
	found := false
	for key, says := range r.says {
		if says.MatchString(part) {
			r.heard[key], found = true, true
		}
	}
	return found
}

func (r *Reader) isTime(part string) bool {
	_, err := time.Parse(r.texts["time.layout"].Other(), part)
	return err == nil
}

// universal matches what is not translated: numbers, emails, IPs, links, and
// the mark before a mail's signature.
var universal = regexp.MustCompile(`^(?:\d+|[\w.+-]+@[\w.-]+|[\da-f]*[.:][\d.:a-f]+|https?://\S+|--)$`)

func trim(said string) string {
	return strings.Trim(strings.Join(strings.Fields(said), " "), " ():")
}
