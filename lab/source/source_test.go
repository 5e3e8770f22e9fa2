// Package source checks what the source must not contain.
package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These tests check the claims of docs/security.md about what the source never does.

const root = "../../"

// tracked returns the files of the repository, by path from its root. It leaves out folders
// that git ignores.
func tracked(t *testing.T) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".git") || slices.Contains([]string{"storage", "node_modules", "vendor"}, name)):
			return filepath.SkipDir
		case !entry.IsDir():
			paths = append(paths, strings.TrimPrefix(filepath.ToSlash(path), root))
		}
		return nil
	}))
	require.NotEmpty(t, paths)
	return paths
}

// productionFiles parses the Go files of the app and of internal/, without tests and
// test kits.
func productionFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, path := range tracked(t) {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "test/") && !strings.HasPrefix(path, "lab/") {
			file, err := parser.ParseFile(token.NewFileSet(), root+path, nil, 0)
			require.NoError(t, err)
			files[path] = file
		}
	}
	require.Greater(t, len(files), 50)
	return files
}

func importsOf(file *ast.File) (paths []string) {
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // valid, because the parser has accepted it
		paths = append(paths, path)
	}
	return paths
}

// forbiddenImports are imports that the app must not have, with the files that are
// exceptions.
var forbiddenImports = map[string][]string{
	"os/exec":           {"internal/rename/rename.go"}, // runs git for the developer
	"unsafe":            nil,
	"C":                 nil,
	"plugin":            nil,
	"net/rpc":           nil,
	"text/template":     {"grifts/user_why.go"}, // prints text to a terminal
	"encoding/xml":      nil,
	"math/rand":         nil,
	"math/rand/v2":      nil,
	"crypto/md5":        nil,
	"crypto/sha1":       nil,
	"crypto/des":        nil,
	"crypto/rc4":        nil,
	"crypto/rsa":        nil,
	"crypto/dsa":        nil,
	"net/http/pprof":    nil,
	"expvar":            nil,
	"net/http/cgi":      nil,
	"net/http/httputil": nil,
}

func TestSource_ImportsNothingUnsafe(t *testing.T) {
	for path, file := range productionFiles(t) {
		for _, imported := range importsOf(file) {
			if allowed, listed := forbiddenImports[imported]; listed {
				require.Contains(t, allowed, path, "imports %s", imported)
			}
		}
		for _, spec := range file.Imports { // other tests find these packages by their names
			named := []string{`"context"`, `"crypto/tls"`, `"net"`, `"net/http"`, `"os"`, `"regexp"`, `"syscall"`}
			require.True(t, spec.Name == nil || !slices.Contains(named, spec.Path.Value), "%s: another name for %s", path, spec.Path.Value)
		}
	}
	eachSelector(t, func(path, pkg, name string) {
		starts := slices.Contains([]string{"StartProcess", "ForkExec", "Exec"}, name) && (pkg == "os" || pkg == "syscall")
		require.False(t, starts, "%s: %s.%s", path, pkg, name)
	})
}

// The README's test command starts no program: no browser, no PostgreSQL, no second binary.
func TestSource_TestsOfTheAppStartNoProgram(t *testing.T) {
	for _, path := range tracked(t) {
		if strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, "lab/") {
			file, err := parser.ParseFile(token.NewFileSet(), root+path, nil, parser.ImportsOnly)
			require.NoError(t, err)
			require.NotContains(t, importsOf(file), "os/exec", path)
		}
	}
}

// Each package of internal/ has its manual and its tests. Test kits are tested by their use.
func TestSource_InternalPackagesHaveManualsAndTests(t *testing.T) {
	manuals, tests := map[string]bool{}, map[string]bool{}
	for _, file := range tracked(t) {
		folder := path.Dir(file)
		if !strings.HasPrefix(file, "internal/") || path.Ext(file) != ".go" || strings.Contains(file, "/testdata/") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), root+file, nil, parser.PackageClauseOnly|parser.ParseComments)
		require.NoError(t, err)
		manuals[folder] = manuals[folder] || strings.HasPrefix(parsed.Doc.Text(), "Package "+parsed.Name.Name+" ")
		tests[folder] = tests[folder] || strings.HasSuffix(file, "_test.go") || strings.HasSuffix(folder, "test")
	}
	require.Greater(t, len(manuals), 20)
	for folder := range manuals {
		require.True(t, manuals[folder], "%s has no package comment", folder)
		require.True(t, tests[folder], "%s has no tests", folder)
	}
}

// The app connects only to its database, its mail server and its providers.
func TestSource_SendsNoHTTPRequests(t *testing.T) {
	clients := []string{"Get", "Post", "PostForm", "Head", "Client", "DefaultClient", "Transport", "DefaultTransport", "NewRequest", "NewRequestWithContext"}
	eachSelector(t, func(path, pkg, name string) {
		requests := pkg == "http" && slices.Contains(clients, name)
		require.True(t, !requests || strings.HasPrefix(path, "internal/oidc/"), "%s: http.%s", path, name)
		dials := (pkg == "net" || pkg == "tls") && strings.HasPrefix(name, "Dial")
		require.True(t, !dials || path == "internal/outbox/smtp.go", "%s: %s.%s", path, pkg, name)
	})
}

// Statements that outlive their request have a limit: a database that hangs would keep it.
func TestSource_DetachesOnlyWithALimit(t *testing.T) {
	limited := []string{"internal/database/transaction.go", "internal/outbox/worker.go"}
	eachSelector(t, func(path, pkg, name string) {
		require.True(t, pkg != "context" || name != "WithoutCancel" || slices.Contains(limited, path), "%s: use database.Detached", path)
	})
}

// Assets come from the binary and have digests in their names. The app serves no folder.
func TestSource_ServesNoFolder(t *testing.T) {
	eachSelector(t, func(path, pkg, name string) {
		require.NotEqual(t, "ServeFiles", name, path)
		require.False(t, pkg == "http" && slices.Contains([]string{"Dir", "FS", "FileServer", "FileServerFS", "ServeFile", "ServeFileFS"}, name), "%s: http.%s", path, name)
	})
}

// eachSelector calls fn with every pkg.Name in the app.
func eachSelector(t *testing.T, fn func(path, pkg, name string)) {
	t.Helper()
	for path, file := range productionFiles(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := selector.X.(*ast.Ident); ok {
					fn(path, pkg.Name, selector.Sel.Name)
				}
			}
			return true
		})
	}
}

// plainModules are the modules of which the app uses no cryptography.
var plainModules = []string{
	"github.com/andybalholm/brotli", "github.com/gobuffalo", "github.com/gofrs/uuid", "github.com/gorilla/mux", "github.com/gorilla/sessions",
	"github.com/jackc/pgx", "github.com/jmoiron/sqlx", "github.com/joho/godotenv", "github.com/mattn/go-sqlite3", "github.com/mileusna/useragent",
	"github.com/nicksnyder/go-i18n", "github.com/trustelem/zxcvbn", "github.com/wneessen/go-mail",
	"golang.org/x/net/html", "golang.org/x/net/idna", "golang.org/x/sync", "golang.org/x/text", "modernc.org/sqlite", "rsc.io/qr",
}

// encrypts reports whether a package of another module than own may encrypt, hash, sign or
// make random numbers.
func encrypts(own, imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	if strings.HasPrefix(imported, own+"/") {
		return false
	}
	if !strings.Contains(first, ".") { // a package of the standard library
		return slices.Contains([]string{"crypto", "hash"}, first)
	}
	return !slices.ContainsFunc(plainModules, func(module string) bool { return imported == module || strings.HasPrefix(imported, module+"/") })
}

func TestSource_OwnPackagesAreNotInventoried(t *testing.T) {
	const own = "example.com/you/paddock"
	for imported, want := range map[string]bool{own + "/models": false, own + "/hash": false, own + "s/x": true, "golang.org/x/crypto/argon2": true, "hash/crc32": true, "fmt": false} {
		require.Equal(t, want, encrypts(own, imported), imported)
	}
}

// The inventory in docs/security.md must list exactly the packages that encrypt, hash,
// sign or make random numbers.
func TestSource_CryptographyIsInventoried(t *testing.T) {
	own := strings.TrimSpace(runGo(t, root, "list", "-m"))
	used := map[string]bool{}
	for _, file := range productionFiles(t) {
		for _, path := range importsOf(file) {
			if encrypts(own, path) {
				used[path] = true
			}
		}
	}
	document, err := os.ReadFile(root + "docs/security.md")
	require.NoError(t, err)
	_, cryptography, found := strings.Cut(string(document), "\n## Cryptography\n")
	require.True(t, found)
	cryptography, _, _ = strings.Cut(cryptography, "\n## ")
	var inventoried []string
	for _, match := range regexp.MustCompile("(?m)^`((?:crypto|hash|golang.org|github.com)/[a-z0-9./-]+)` \\|").FindAllStringSubmatch(cryptography, -1) {
		inventoried = append(inventoried, match[1])
	}
	var names []string
	for path := range used {
		names = append(names, path)
	}
	require.ElementsMatch(t, names, inventoried)
}

// Prevents a client from supplying a regular expression.
func TestSource_PatternsAreConstant(t *testing.T) {
	found, constants := 0, constantsOf(productionFiles(t))
	for file, syntax := range productionFiles(t) {
		ast.Inspect(syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if qualifier, name := callee(call); qualifier == "regexp" && !strings.HasPrefix(name, "Quote") {
					found++
					require.True(t, scope{decl: syntax.Decls[0], constants: constants[path.Dir(file)]}.isConstant(call.Args[0]), file)
				}
			}
			return true
		})
	}
	require.NotZero(t, found)
}

func TestSource_HoldsNoSecret(t *testing.T) {
	secret := regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=]{20}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[baprs]-[A-Za-z0-9-]{10}`)
	for _, path := range tracked(t) {
		require.NotRegexp(t, `(^|/)(\.env|.*\.sqlite|.*\.pem|.*\.key|.*\.secret)$`, path)
		text, err := os.ReadFile(root + path)
		require.NoError(t, err)
		require.False(t, secret.Match(text), path)
	}
}
