package web

import (
	"net/http"
	"slices"
	"strings"
)

// Policy is a content security policy.
type Policy string

// DefaultPolicy allows scripts, styles, images, requests and forms of the app's own
// origin. It allows nothing inline. Extend it for all responses by Options.Policy, or
// for one response by AllowSource:
//
//	web.DefaultPolicy.Allow("font-src", "'self'")
//	web.AllowSource(c.Response().Header(), "img-src", "https://images.example")
const DefaultPolicy Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

const policyHeader = "Content-Security-Policy"

// Allow returns the policy with sources added to a directive. It adds a missing
// directive. It panics if a source contains a character that ends the directive: prevents
// injection of other directives.
func (p Policy) Allow(directive string, sources ...string) Policy {
	directives := p.directives()
	i := indexOf(directives, directive)
	if i < 0 {
		i, directives = len(directives), append(directives, directive)
	}
	list := strings.Fields(directives[i])
	list = slices.DeleteFunc(list, func(source string) bool { return source == "'none'" })
	for _, source := range sources {
		if source == "" || strings.ContainsFunc(source, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ';' || r == ',' }) {
			panic("web: not a source of a content security policy: " + source)
		}
		if !slices.Contains(list, source) {
			list = append(list, source)
		}
	}
	directives[i] = strings.Join(list, " ")
	return Policy(strings.Join(directives, "; "))
}

// Without returns the policy without a directive.
func (p Policy) Without(directive string) Policy {
	directives := p.directives()
	if i := indexOf(directives, directive); i >= 0 {
		directives = slices.Delete(directives, i, i+1)
	}
	return Policy(strings.Join(directives, "; "))
}

func (p Policy) directives() []string {
	directives := strings.Split(string(p), ";")
	for i, directive := range directives {
		directives[i] = strings.TrimSpace(directive)
	}
	return slices.DeleteFunc(directives, func(directive string) bool { return directive == "" })
}

func indexOf(directives []string, name string) int {
	return slices.IndexFunc(directives, func(directive string) bool {
		found, _, _ := strings.Cut(directive, " ")
		return found == name
	})
}

// AllowSource extends the policy of one response, which must not have begun.
func AllowSource(h http.Header, directive string, sources ...string) {
	h.Set(policyHeader, string(policyOf(h).Allow(directive, sources...)))
}

// DropDirective drops a directive from the policy of one response, which must not have
// begun. Pages with htmx or Alpine must drop require-trusted-types-for. Alpine, except its
// CSP build, also needs 'unsafe-eval' in script-src.
func DropDirective(h http.Header, directive string) {
	h.Set(policyHeader, string(policyOf(h).Without(directive)))
}

func policyOf(h http.Header) Policy { return Policy(h.Get(policyHeader)) }
