package web

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxError is how much of an error is logged, in bytes.
const maxError = 2000

var (
	emailLike  = regexp.MustCompile(`[^\s"<>()=,;:\[\]{}]+@[^\s"'<>()=,;:\[\]{}]+`)
	tokenLike  = regexp.MustCompile(`\b[A-Za-z0-9_-]{40,}\b`) // 32 random bytes in base64url have 43 characters
	isToken    = regexp.MustCompile(`^[A-Za-z0-9_-]{40,}$`)
	secretName = regexp.MustCompile(`(?i)password|token|secret|code`)
)

// redact strikes out of a text what looks like an email or a token. PostgreSQL and
// mail servers quote what they refuse. It cuts the text last: the rest of a token
// that was cut looks like none.
func redact(text string) string {
	text = tokenLike.ReplaceAllString(emailLike.ReplaceAllString(text, "(address)"), "(token)")
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + "…"
	}
	return text
}

// shortestSecret is the shortest that is struck out, in bytes. Shorter ones stand
// in any text by chance.
const shortestSecret = 4

// struck marks what was struck out until everything is. It is shorter than any
// secret: one that looks like a part of "(input)" would make the text grow without end.
const struck = "\x00"

// withoutSecrets strikes the client's secrets out of a text that may quote them.
func (r *RequestInfo) withoutSecrets(text string) string {
	for _, secret := range secrets(r.request, r.Route) {
		text = strings.ReplaceAll(text, secret, struck)
	}
	return strings.ReplaceAll(text, struck, "(input)")
}

// secrets returns what the client sent that may be secret, in each way that an
// error may quote it, the longest first: cookies, credentials, fields and path
// variables named like a secret, and segments of the path that look like a token.
func secrets(r *http.Request, route string) []string {
	var values []string
	for _, cookie := range r.Cookies() {
		values = append(values, cookie.Value)
	}
	for _, header := range []string{"Authorization", "Proxy-Authorization"} {
		value := r.Header.Get(header)
		_, credentials, _ := strings.Cut(value, " ")
		values = append(values, value, credentials)
	}
	_, password, _ := r.BasicAuth()
	values = append(values, password)
	fields := []url.Values{r.PostForm}
	if r.URL != nil {
		fields = append(fields, r.URL.Query())
		values = append(values, pathSecrets(r.URL.Path, route)...)
	}
	for _, form := range fields {
		for name, list := range form {
			if secretName.MatchString(name) {
				values = append(values, list...)
			}
		}
	}
	for _, value := range values[:len(values):len(values)] {
		quoted := strconv.Quote(value)
		values = append(values, quoted[1:len(quoted)-1], url.QueryEscape(value), url.PathEscape(value))
	}
	values = slices.DeleteFunc(values, func(v string) bool { return len(v) < shortestSecret })
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return slices.Compact(values)
}

// pathSecrets compares a path with the pattern of its route.
func pathSecrets(path, route string) (secrets []string) {
	segments, names := strings.Split(strings.Trim(path, "/"), "/"), strings.Split(strings.Trim(route, "/"), "/")
	for i, segment := range segments {
		variable := len(names) == len(segments) && strings.HasPrefix(names[i], "{")
		if isToken.MatchString(segment) || variable && secretName.MatchString(names[i]) {
			secrets = append(secrets, segment)
		}
	}
	return secrets
}
