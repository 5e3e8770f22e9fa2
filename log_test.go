package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

// proxy is a TLS proxy in front of the process: what a browser sends by https
// arrives in the clear, with X-Forwarded-Proto.
type proxy struct{ to *url.URL }

func (x proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, x.to.Scheme, x.to.Host
	r.Header.Set("X-Forwarded-Proto", "https")
	return http.DefaultTransport.RoundTrip(r)
}

// spy is a browser that notes every secret that goes either way.
type spy struct {
	*http.Client
	t       *testing.T
	secrets map[string]bool
	header  http.Header
}

func (p *process) spy() *spy {
	b := &spy{Client: p.visitor(), t: p.t, secrets: map[string]bool{}, header: http.Header{}}
	to, err := url.Parse(p.url)
	require.NoError(p.t, err)
	b.Transport = proxy{to}
	return b
}

// note takes texts that must not be in the log.
func (b *spy) note(texts ...string) {
	for _, text := range texts {
		b.secrets[text] = true
	}
}

func (b *spy) send(method, path string, form url.Values) (status int) {
	b.t.Helper()
	for name, values := range form {
		if name != "_method" && name != "remember" {
			b.note(values...)
		}
	}
	req, err := http.NewRequest(method, "https://127.0.0.1"+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	for name, values := range b.header {
		req.Header[name] = values
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.Do(req)
	require.NoError(b.t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(b.t, err)
	for _, cookie := range res.Cookies() {
		if cookie.Value != "" {
			b.note(cookie.Value)
		}
	}
	return res.StatusCode
}

func (b *spy) get(path string) int { b.t.Helper(); return b.send("GET", path, nil) }

// post sends pairs of a field and its value.
func (b *spy) post(path string, pairs ...string) int {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send("POST", path, form)
}

// link opens a mailed link and returns its path.
func (b *spy) link(prefix, email, template string) string {
	b.t.Helper()
	token := modelstest.Link(b.t, email, template)
	b.note(token)
	return prefix + token
}

const (
	adasEmail  = "ada.keeps.quiet@example.com"
	adasOther  = "ada.elsewhere@example.net"
	adasFirst  = "seven quiet otters drum"
	adasSecond = "nine louder herons hum"
	adasThird  = "ten patient badgers knit"
)

// The whole story of an account, with every error on the way, leaves no secret
// in the log: no password, token, cookie, typed address, query or path.
func TestLog_WholeStoryKeepsSecrets(t *testing.T) {
	dir, database := t.TempDir(), newDatabase(t)
	mail := newMailServer(t, "STARTTLS")
	mail.answers = map[string]string{"RCPT": "450 4.2.1 %s is <" + adasEmail + "> and not here"}
	p := start(t, dir, append(production(secret), database, mail.url("hunter2"), mail.variable)...)
	c, err := config.Current()
	require.NoError(t, err)
	c.DatabaseURL, c.SessionSecrets = strings.TrimPrefix(database, "DATABASE_URL="), []string{secret}
	require.NoError(t, models.Connect(c))
	defer func() { models.DB.Close() }()

	b := p.spy()
	b.note(secret, "hunter2", "argon2id", adasEmail, adasOther, "127.0.0.1:1", "forged", "FROM devices", "INSERT INTO")
	b.header = http.Header{
		"User-Agent": {"agent-of-ada"}, "Referer": {"https://127.0.0.1/referred-from"}, "Authorization": {"Basic b2Z0LXRyaWVk"},
		"X-Forwarded-For": {`not-an-address", "event":"forged`}, "Accept-Language": {"x-language-of-ada"}, "X-Real-Ip": {"192.0.2.66"},
	}
	b.note("agent-of-ada", "referred-from", "b2Z0LXRyaWVk", "not-an-address", "language-of-ada", "192.0.2.66", "asked-for", "path-of-ada")

	signUp(b)
	signInAndOut(b)
	changeEverything(b)
	provokeErrors(b)

	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.Wait())
	require.Equal(t, 1, strings.Count(p.stderr.String(), "\n"), "all that is logged is on stdout: %s", p.stderr)
	requireClean(t, p.stdout, b.secrets)
}

func signUp(b *spy) {
	require.Equal(b.t, 200, b.get("/welcome?utm=asked-for"))
	require.Equal(b.t, 302, b.get("/?tab=asked-for"))
	require.Equal(b.t, 422, b.post("/signup", "email", "no-address-of-ada"))
	require.Equal(b.t, 422, b.post("/signup", "email", "ada@example.com\n{\"event\":\"forged\"}"))
	require.Equal(b.t, 303, b.post("/signup", "email", adasEmail))
	require.Equal(b.t, 200, b.get("/check-mail"))
	require.Equal(b.t, 404, b.get("/signup/path-of-ada"))
	require.Equal(b.t, 302, b.get(b.link("/signup/", adasEmail, models.MailSignup)))
	require.Equal(b.t, 422, b.post("/signup/password", "password", "letters only"))
	require.Equal(b.t, 303, b.post("/signup/password", "password", adasFirst))
}

func signInAndOut(b *spy) {
	require.Equal(b.t, 303, b.post("/logout", "_method", "DELETE"))
	require.Equal(b.t, 422, b.post("/login", "email", "nobody.here@example.com", "password", "wrong words of ada"))
	require.Equal(b.t, 422, b.post("/login", "email", "x\r\nlevel=INFO event=forged", "password", "y\nevent=forged"))
	require.Equal(b.t, 422, b.post("/login?email=asked-for", "email", adasEmail, "password", "wrong words of ada"))
	require.Equal(b.t, 303, b.post("/login", "email", strings.ToUpper(adasEmail), "password", adasFirst, "remember", "1"))
	require.Equal(b.t, 200, b.get("/?tab=asked-for"))
}

func changeEverything(b *spy) {
	require.Equal(b.t, 200, b.get("/account/sessions"))
	require.Equal(b.t, 404, b.post("/account/sessions/path-of-ada", "_method", "DELETE"))
	require.Equal(b.t, 303, b.post("/account/sessions", "_method", "DELETE"))
	require.Equal(b.t, 422, b.post("/account/password", "_method", "PUT", "current_password", "wrong words of ada", "password", adasSecond))
	require.Equal(b.t, 303, b.post("/account/password", "_method", "PUT", "current_password", adasFirst, "password", adasSecond))
	require.Equal(b.t, 303, b.post("/account/email", "_method", "PUT", "current_password", adasSecond, "email", adasOther))
	confirm := b.link("/account/email/confirm/", adasOther, models.MailEmailConfirm)
	require.Equal(b.t, 200, b.get(confirm))
	require.Equal(b.t, 303, b.post(confirm))
	undo := b.link("/account/email/undo/", adasEmail, models.MailEmailChanged)
	require.Equal(b.t, 200, b.get(undo))
	require.Equal(b.t, 303, b.post(undo))
	require.Equal(b.t, 404, b.get(undo), "it is used up")
	require.Equal(b.t, 303, b.post("/password/forgot", "email", adasEmail))
	require.Equal(b.t, 302, b.get(b.link("/password/reset/", adasEmail, models.MailReset)))
	require.Equal(b.t, 303, b.post("/password/reset", "_method", "PUT", "password", adasThird))
	require.Equal(b.t, 303, b.post("/login", "email", adasEmail, "password", adasThird))
}

func provokeErrors(b *spy) {
	require.Equal(b.t, 404, b.get("/path-of-ada?q=asked-for"))
	require.Equal(b.t, 405, b.send("PATCH", "/welcome?q=asked-for", nil))
	require.Equal(b.t, 413, b.post("/login", "email", strings.Repeat("too-much-of-ada", 9999)))
	require.Equal(b.t, 404, b.get("/assets/path-of-ada.css"))
	b.header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(b.t, 403, b.post("/account/path-of-ada", "email", "mallory.is.here@example.com"))
	b.header.Del("Sec-Fetch-Site")
	for range 5 {
		b.post("/login", "email", "carol.is.slow@example.com", "password", "wrong words of carol")
	}
	require.Equal(b.t, 303, b.post("/logout", "_method", "DELETE"))
	for b.post("/login", "email", "carol.is.slow@example.com", "password", "wrong words of carol") != 429 {
	}
	// A query fails that holds the digest of a token and asks for an address.
	require.NoError(b.t, models.DB.RawQuery("DROP TABLE devices").Exec())
	require.Equal(b.t, 500, b.post("/login", "email", adasEmail, "password", adasThird))
	require.NoError(b.t, models.DB.RawQuery("DROP TABLE tokens").Exec())
	require.Equal(b.t, 500, b.get("/password/reset/path-of-ada"))
}

// keysOfLines are those of each kind of line.
var keysOfLines = map[string][]string{
	"request":       {"client", "event", "level", "method", "ms", "request_id", "route", "status", "time", "user_id"},
	"error":         {"client", "error", "event", "level", "method", "request_id", "route", "time", "user_id"},
	"mail not sent": {"attempt", "error", "event", "level", "mail_id", "template", "time"},
	"":              {"client", "event", "level", "method", "request_id", "route", "time", "user_id"}, // what matters for security
}

func requireClean(t *testing.T, log *bytes.Buffer, secrets map[string]bool) {
	t.Helper()
	seen := map[string]int{}
	for text := range strings.Lines(log.String()) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		event := line["event"].(string)
		want, ok := keysOfLines[event]
		if !ok {
			want = keysOfLines[""]
		}
		var keys []string
		for key := range line {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		require.Equal(t, want, keys, text)
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`, line["time"])
		seen[event]++
		plain, _ := json.Marshal(line) // once more, without what the first writer escaped
		for secret := range secrets {
			for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
				require.NotContains(t, strings.ToLower(text+string(plain)), strings.ToLower(form))
			}
		}
	}
	for _, event := range []string{"request", "error", "mail not sent", "login succeeded", "login failed", "throttled", "token refused", "password reset", "email changed"} {
		require.NotZero(t, seen[event], event)
	}
}
