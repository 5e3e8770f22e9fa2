package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These are names that the glossary has replaced. They are allowed in prose, where some
// have other meanings.
var (
	// Parts of Go identifiers. Write instead: rate limit, log in, log out, redeem, purge,
	// client, discard, mail, deliver, request (an email change).
	retiredWords = regexp.MustCompile(`(?i:throttl|sweep|visitor|turnedOut|emailAsked|newDevice|knownDevice|emailAddress|clientAddress|ipAddress\z)` +
		`|(^s|S)ign(ed)?(In|Out)|(^s|S)pen[dt](s|ing)?(\z|[A-Z_])|(^c|C)hores?(\z|[A-Z_])|^letters?(\z|[A-Z_])|^TestLetter|(^s|S)entAt\z`)
	// Types. Write instead: Client, RateLimited, DeviceCookie, email, outbox.
	retiredTypes = regexp.MustCompile(`^(Origin|Throttled|Device|Address|Chore|Letter)$`)
	// Parts of locale keys, tables, columns and CSS classes.
	retiredNames = regexp.MustCompile(`(^|[._-])(throttl\w*|sweep|visitor|sign(ed)?[_-](in|out)|signin|signout|spent|chores?|letters?|` +
		`address|email[_-]asked|problem|sent[_-]at|failed[_-]at|new[_-]device|known[_-]device)($|[._-])`)
)

func TestSource_NoRetiredGoIdentifiers(t *testing.T) {
	files := 0
	for _, path := range tracked(t) {
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), root+path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				require.NotRegexp(t, retiredWords, n.Name, path)
			case *ast.TypeSpec:
				require.NotRegexp(t, retiredTypes, n.Name.Name, path)
			}
			return true
		})
	}
	require.Greater(t, files, 100)
}

func TestSource_NoRetiredNames(t *testing.T) {
	// By folder, the patterns match declarations of locale keys, tables, columns and classes.
	for folder, declared := range map[string]*regexp.Regexp{
		"locales/":        regexp.MustCompile(`(?m)^- {id: ([\w.]+),`),
		"migrations/":     regexp.MustCompile(`(?:create_table|t\.Column)\("(\w+)"`),
		"assets/css/":     regexp.MustCompile(`\.([a-z][\w-]*)`),
		"templates/":      regexp.MustCompile(`[ (]class(?:="|: ")([^"]*)"`),
		"templates/mail/": regexp.MustCompile(`\.([a-z][\w-]*) \{`),
	} {
		names := 0
		for _, file := range tracked(t) {
			if !strings.HasPrefix(file, folder) || path.Ext(file) == ".go" {
				continue
			}
			content, err := os.ReadFile(root + file)
			require.NoError(t, err)
			for _, match := range declared.FindAllStringSubmatch(string(content), -1) {
				for name := range strings.FieldsSeq(match[1]) {
					names++
					require.NotRegexp(t, retiredNames, name, file)
				}
			}
		}
		require.NotZero(t, names, folder)
	}
}

func TestRetiredWords(t *testing.T) {
	for _, word := range []string{"Throttled", "throttle", "SignedIn", "signIn", "askToSignIn", "signOut", "spend", "Spent", "sweepEvery", "chore",
		"visitor", "turnedOut", "letter", "letters", "letterData", "TestLetters_All", "SentAt", "MailEmailAsked", "newDevice", "clientAddress"} {
		require.Regexp(t, retiredWords, word)
	}
	for _, word := range []string{"designIn", "assigned", "signing", "suspend", "TryLock", "retry", "entries", "Country", "anchored", "country",
		"OneLetterAway", "isLetter", "DeviceCookie", "IPAddresses", "sent"} {
		require.NotRegexp(t, retiredWords, word)
	}
	for _, name := range []string{"login.throttled", "sent_at", "soft-address", "address", "account.sign_in", "mail.email_asked.text", "letter"} {
		require.Regexp(t, retiredNames, name)
	}
	for _, name := range []string{"home.devices", "account_sessions.this_device", "device_cookies", "signup.email", "ip", "delivered_at"} {
		require.NotRegexp(t, retiredNames, name)
	}
}
