package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const maxError = 2000 // bytes

var (
	emailLike  = regexp.MustCompile(`[^\s"<>()=,;:\[\]{}]+@[^\s"'<>()=,;:\[\]{}]+`)
	tokenLike  = regexp.MustCompile(`\b[A-Za-z0-9_-]{40,}\b`) // 32 random bytes in base64url have 43 characters
	isToken    = regexp.MustCompile(`^[A-Za-z0-9_-]{40,}$`)
	secretName = regexp.MustCompile(`(?i)password|token|secret|code`)
)

// redact is mask for a text of an error. It truncates the text last: part of a token would
// not look like a token.
func redact(text string) string {
	text = mask(text)
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + "…"
	}
	return text
}

// mask replaces emails and tokens, which PostgreSQL and mail servers quote in errors.
func mask(text string) string {
	return tokenLike.ReplaceAllString(emailLike.ReplaceAllString(text, "(email)"), "(token)")
}

// shortestSecret is the number of bytes of the shortest secret that is redacted.
// Shorter ones occur in any text by chance.
const shortestSecret = 4

// struck takes the place of redacted secrets until all are replaced. It is shorter than
// any secret: otherwise a secret such as "input" would match the "(input)" of another.
const struck = "\x00"

func (r *RequestInfo) withoutSecrets(text string) string {
	for _, secret := range secrets(r.request, r.Route) {
		text = strings.ReplaceAll(text, secret, struck)
	}
	return strings.ReplaceAll(text, struck, "(input)")
}

// secrets returns the values of a request that may be secret: cookies, credentials,
// fields and path variables whose names match secretName, and path segments that look
// like tokens. It returns each value in all quoted forms, and the longest values first.
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
		inJSON, _ := json.Marshal(value) // with \u0026 for &
		values = append(values, quoted[1:len(quoted)-1], string(inJSON[1:len(inJSON)-1]), url.QueryEscape(value), url.PathEscape(value))
	}
	values = slices.DeleteFunc(values, func(v string) bool { return len(v) < shortestSecret })
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return slices.Compact(values)
}

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
