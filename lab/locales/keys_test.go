package locales

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

var (
	inTemplate   = regexp.MustCompile(`\bt\("([^"]+)"(?:,\s*(?:\{([^}]*)\}|(\w+)))?\)`)
	argument     = regexp.MustCompile(`(\w+):`)
	looksLikeKey = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)+$`)
)

// mentioned has the keys that templates and Go code use, with the placeholders that they
// fill, and the names of mails and of kinds of activity.
type mentioned struct {
	keys  map[string][]string // files, by key
	fills map[string][]string // placeholders, by "FILE KEY"
	mails []string
	kinds []string // kinds of activity
}

func readMentioned(t *testing.T, root string, sections map[string]bool) mentioned {
	t.Helper()
	m := mentioned{keys: map[string][]string{}, fills: map[string][]string{}}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "templates"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := os.ReadFile(name)
		for _, found := range inTemplate.FindAllStringSubmatch(string(source), -1) {
			m.keys[found[1]] = append(m.keys[found[1]], name)
			var names []string
			for _, arg := range argument.FindAllStringSubmatch(found[2], -1) {
				names = append(names, arg[1])
			}
			if found[3] != "" { // a number, for plurals
				names = []string{"Count"}
			}
			slices.Sort(names)
			m.fills[name+" "+found[1]] = names
		}
		return err
	}))
	for _, folder := range []string{"actions", "internal/i18n", "internal/oidc", "internal/passkey", "internal/password", "mailers", "models"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(name string, entry fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				m.readGo(t, name, sections)
			}
			return err
		}))
	}
	return m
}

// readGo collects every string that looks like a key.
func (m *mentioned) readGo(t *testing.T, name string, sections map[string]bool) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.ValueSpec: // such as MailReset = "reset"
			if len(n.Values) != 1 {
				return true
			}
			if value, ok := n.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				text, _ := strconv.Unquote(value.Value)
				switch name := n.Names[0].Name; {
				case strings.HasPrefix(name, "Mail"):
					m.mails = append(m.mails, text)
				case strings.HasPrefix(name, "Activity"), strings.HasPrefix(name, "Change"):
					m.kinds = append(m.kinds, text)
				case strings.HasPrefix(name, "Factor"): // such as FactorTOTP = "totp"
					m.kinds = append(m.kinds, text+"_added", text+"_removed")
				}
			}
		case *ast.BasicLit:
			text, _ := strconv.Unquote(n.Value)
			section, _, _ := strings.Cut(text, ".")
			if n.Kind == token.STRING && looksLikeKey.MatchString(text) && sections[section] {
				m.keys[text] = append(m.keys[text], name)
			}
		}
		return true
	})
}

func TestKeys_ExistAndAreUsed(t *testing.T) {
	languages, _, err := Read(shipped())
	require.NoError(t, err)
	texts := languages["en-us"]
	sections := map[string]bool{}
	for key := range texts {
		section, _, _ := strings.Cut(key, ".")
		sections[section] = true
	}
	m := readMentioned(t, binary.Root(), sections)
	require.Contains(t, m.keys, "login.invalid", "Go code was read")
	require.Contains(t, m.keys, "login.heading", "templates were read")
	require.Contains(t, m.mails, "reset", "the names of mails were read")
	require.Contains(t, m.kinds, "login", "the kinds of activity were read")

	used := map[string]bool{}
	use := func(key, where string) {
		require.Contains(t, texts, key, where)
		used[key] = true
	}
	for key, where := range m.keys {
		if _, ok := texts[key]; ok {
			used[key] = true
			continue
		}
		for _, part := range []string{".title", ".text"} { // error pages add these parts to the key
			use(key+part, where[0])
		}
	}
	for _, name := range m.mails {
		use("mail."+name+".subject", "every mail has a subject")
		use("mail."+name+".text", "every mail has a text")
		if _, ok := texts["mail."+name+".button"]; ok {
			use("mail."+name+".button", "")
			use("mail."+name+".note", "a mail with a button has a note")
		}
	}
	use("mail.not_me.button", "the mails whose link undoes a change share a button")
	use("mail.not_me.note", "these mails share a note")
	for _, kind := range m.kinds {
		use("activity."+kind, "every kind of activity has a text")
	}
	for key := range texts {
		require.True(t, used[key], "nothing uses %s", key)
	}
	for use, names := range m.fills {
		_, key, _ := strings.Cut(use, " ")
		require.Equal(t, strings.Join(Placeholders(texts[key].Other()), " "), strings.Join(names, " "), use)
	}
}
