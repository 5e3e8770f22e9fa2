package process

import (
	"bufio"
	"database/sql"
	"encoding/base32"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/totp"
	"corral/lab/binary"
	"corral/lab/services"
	"corral/lab/site"
)

// spy is a browser that collects every secret that it sends or receives.
type spy struct {
	*http.Client
	t       *testing.T
	db      *sql.DB // the app's database
	secrets map[string]bool
	cookies map[string]bool // the values of cookies, except the language
	pages   []string        // all bodies
	header  http.Header
}

func (p *process) spy() *spy {
	b := &spy{Client: p.browser(), t: p.t, secrets: map[string]bool{}, cookies: map[string]bool{}, header: http.Header{}}
	b.Transport = site.Proxy(p.t, p.URL)
	return b
}

// addSecrets adds texts that must not be logged.
func (b *spy) addSecrets(texts ...string) {
	for _, text := range texts {
		b.secrets[text] = true
	}
}

func (b *spy) send(method, path string, form url.Values) (status int) {
	b.t.Helper()
	for name, values := range form {
		if name != "_method" && name != "remember" {
			b.addSecrets(values...)
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
	page, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	b.pages = append(b.pages, string(page))
	for _, cookie := range res.Cookies() {
		if cookie.Value != "" {
			b.addSecrets(cookie.Value)
			b.cookies[cookie.Value] = !strings.HasSuffix(cookie.Name, "-lang")
		}
	}
	return res.StatusCode
}

func (b *spy) get(path string) int { b.t.Helper(); return b.send("GET", path, nil) }

func (b *spy) post(path string, pairs ...string) int {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send("POST", path, form)
}

// link returns the path of a mailed link.
func (b *spy) link(prefix, email, template string) string {
	b.t.Helper()
	token, err := services.Token(b.db, binary.Secret, template, email)
	require.NoError(b.t, err)
	b.addSecrets(token)
	return prefix + token
}

// These are secrets of Ada: emails and successive passwords.
const (
	adasEmail          = "ada.keeps.quiet@example.com"
	adasOtherEmail     = "ada.elsewhere@example.net"
	adasFirstPassword  = "seven quiet otters drum"
	adasSecondPassword = "nine louder herons hum"
	adasThirdPassword  = "ten patient badgers knit"
)

func TestLog_WholeStoryKeepsSecrets(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		mail := newMailServer(t, "STARTTLS")
		mail.answers = map[string]string{"RCPT": "450 4.2.1 %s is <" + adasEmail + "> and not here"} // quotes emails
		p := start(t, dir, binary.Production(database, mail.url("hunter2"), mail.variable)...)
		b := p.spy()
		b.db = services.OpenDatabase(t, strings.TrimPrefix(database, "DATABASE_URL="))
		b.addSecrets(binary.Secret, "hunter2", "argon2id", adasEmail, adasOtherEmail, "127.0.0.1:1", "forged", "FROM device_cookies", "INSERT INTO")
		b.header = http.Header{
			"Accept": {"text/html"}, "User-Agent": {"agent-of-ada"}, "Referer": {"https://127.0.0.1/referred-from"}, "Authorization": {"Basic b2Z0LXRyaWVk"},
			"X-Forwarded-For": {`not-an-address", "event":"forged`}, "Accept-Language": {"x-language-of-ada"}, "X-Real-Ip": {"192.0.2.66"},
		}
		b.addSecrets("agent-of-ada", "referred-from", "b2Z0LXRyaWVk", "not-an-address", "language-of-ada", "192.0.2.66", "asked-for", "path-of-ada")

		signUp(b)
		logInAndOut(b)
		changeEverything(b)
		useCodes(b)
		provokeErrors(b)

		p.Stop()
		require.Empty(t, p.Err.String(), "all that is logged is on stdout")
		requireClean(t, p.Out.String(), b.secrets)
		for value, secret := range b.cookies {
			if secret {
				require.NotContains(t, strings.Join(b.pages, ""), value, "scripts could read the cookie")
			}
		}
	})
}

func signUp(b *spy) {
	require.Equal(b.t, 200, b.get("/welcome?utm=asked-for"))
	require.Equal(b.t, 302, b.get("/?tab=asked-for"))
	require.Equal(b.t, 422, b.post("/signup", "email", "no-address-of-ada"))
	require.Equal(b.t, 422, b.post("/signup", "email", "ada@example.com\n{\"event\":\"forged\"}"))
	require.Equal(b.t, 303, b.post("/signup", "email", adasEmail))
	require.Equal(b.t, 200, b.get("/check-mail"))
	require.Equal(b.t, 404, b.get("/signup/path-of-ada"))
	require.Equal(b.t, 302, b.get(b.link("/signup/", adasEmail, "signup")))
	require.Equal(b.t, 422, b.post("/signup/password", "password", "letters only"))
	require.Equal(b.t, 303, b.post("/signup/password", "password", adasFirstPassword))
}

func logInAndOut(b *spy) {
	require.Equal(b.t, 303, b.post("/logout", "_method", "DELETE"))
	require.Equal(b.t, 422, b.post("/login", "email", "nobody.here@example.com", "password", "wrong words of ada"))
	require.Equal(b.t, 422, b.post("/login", "email", "x\r\nlevel=INFO event=forged", "password", "y\nevent=forged"))
	require.Equal(b.t, 422, b.post("/login?email=asked-for", "email", adasEmail, "password", "wrong words of ada"))
	require.Equal(b.t, 303, b.post("/login", "email", strings.ToUpper(adasEmail), "password", adasFirstPassword, "remember", "1"))
	require.Equal(b.t, 200, b.get("/?tab=asked-for"))
}

func changeEverything(b *spy) {
	require.Equal(b.t, 200, b.get("/account/sessions"))
	require.Equal(b.t, 404, b.post("/account/sessions/path-of-ada", "_method", "DELETE"))
	require.Equal(b.t, 303, b.post("/account/sessions", "_method", "DELETE"))
	require.Equal(b.t, 422, b.post("/sudo", "password", "wrong words of ada"))
	require.Equal(b.t, 303, b.post("/sudo?next=/asked-for", "password", adasFirstPassword))
	require.Equal(b.t, 422, b.post("/account/password", "_method", "PUT", "password", "letters only"))
	require.Equal(b.t, 303, b.post("/account/password", "_method", "PUT", "password", adasSecondPassword))
	require.Equal(b.t, 303, b.post("/account/email", "_method", "PUT", "email", adasOtherEmail))
	confirm := b.link("/account/email/confirm/", adasOtherEmail, "email_confirm")
	require.Equal(b.t, 200, b.get(confirm))
	require.Equal(b.t, 303, b.post(confirm))
	undo := b.link("/not-me/", adasEmail, "email_changed")
	require.Equal(b.t, 200, b.get(undo))
	require.Equal(b.t, 303, b.post(undo))
	require.Equal(b.t, 404, b.get(undo), "the link was redeemed")
	require.Equal(b.t, 303, b.post("/password/forgot", "email", adasEmail))
	require.Equal(b.t, 302, b.get(b.link("/password/reset/", adasEmail, "reset")))
	require.Equal(b.t, 303, b.post("/password/reset", "_method", "PUT", "password", adasThirdPassword))
	require.Equal(b.t, 303, b.post("/login", "email", adasEmail, "password", adasThirdPassword))
}

var (
	keyShown  = regexp.MustCompile(`id="totp-key"[^>]*>([^<]*)<`)
	codeShown = regexp.MustCompile(`<code class="recovery">([^<]*)</code>`)
)

// shown returns the secrets that the newest page shows.
func (b *spy) shown(secrets *regexp.Regexp) (list []string) {
	b.t.Helper()
	for _, match := range secrets.FindAllStringSubmatch(b.pages[len(b.pages)-1], -1) {
		list = append(list, match[1])
		b.addSecrets(match[1], strings.NewReplacer(" ", "", "-", "").Replace(match[1]))
	}
	require.NotEmpty(b.t, list)
	return list
}

// useCodes adds TOTP, and logs in with a TOTP code and a recovery code.
func useCodes(b *spy) {
	require.Equal(b.t, 303, b.post("/sudo", "password", adasThirdPassword))
	require.Equal(b.t, 200, b.get("/account/security/totp"))
	key, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(b.shown(keyShown)[0], " ", ""))
	require.NoError(b.t, err)
	require.Equal(b.t, 422, b.post("/account/security/totp", "code", "wrong code of ada"))
	require.Equal(b.t, 303, b.post("/account/security/totp", "code", totp.Code(key, time.Now())))
	require.Equal(b.t, 200, b.get("/account/security/recovery-codes"))
	codes := b.shown(codeShown)
	for _, code := range []string{totp.Code(key, time.Now().Add(30*time.Second)), codes[0]} {
		require.Equal(b.t, 303, b.post("/logout", "_method", "DELETE"))
		require.Equal(b.t, 303, b.post("/login", "email", adasEmail, "password", adasThirdPassword))
		require.Equal(b.t, 422, b.post("/login/second", "code", "wrong code of ada"))
		require.Equal(b.t, 303, b.post("/login/second", "code", code))
	}
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
	for n := 0; b.post("/login", "email", "carol.is.slow@example.com", "password", "wrong words of carol") != 429; n++ {
		require.Less(b.t, n, 10, "each failure doubles the wait")
	}
	// The failing query contains a token's digest and an email.
	b.drop("device_cookies")
	require.Equal(b.t, 500, b.post("/login", "email", adasEmail, "password", adasThirdPassword))
	b.drop("tokens")
	require.Equal(b.t, 500, b.get("/password/reset/path-of-ada"))
}

// drop removes a table, so that the queries of the next request fail.
func (b *spy) drop(table string) {
	b.t.Helper()
	_, err := b.db.Exec("DROP TABLE " + table)
	require.NoError(b.t, err)
}

// lineKeys are the keys of each kind of line, by event.
var lineKeys = map[string][]string{
	"request":            {"client", "event", "level", "method", "ms", "request_id", "route", "status", "time", "user_id"},
	"error":              {"client", "error", "event", "level", "method", "request_id", "route", "time", "user_id"},
	"mail not delivered": {"attempt", "error", "event", "given_up", "level", "mail_id", "template", "time"},
	"listening":          {"address", "event", "level", "public_url", "time"},
	"client IP unknown":  {"client", "error", "event", "level", "method", "request_id", "route", "time", "user_id"},
	"":                   {"client", "event", "level", "method", "request_id", "route", "time", "user_id"}, // all other events
}

// buffaloEvents matches the lines of Buffalo when it starts and stops.
var buffaloEvents = regexp.MustCompile(`^(starting|stopping|shutting down|all background jobs stopped|shutdown completed)`)

var totpCode = regexp.MustCompile(`^\d{6}$`)

// requireClean requires that the lines of a log have the expected keys and no secrets.
func requireClean(t *testing.T, log string, secrets map[string]bool) {
	t.Helper()
	seen := map[string]int{}
	for text := range strings.Lines(log) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		event := line["event"].(string)
		want, ok := lineKeys[event]
		if !ok {
			want = lineKeys[""]
		}
		if _, ok := line["status"]; ok {
			want = lineKeys["request"]
		}
		if buffaloEvents.MatchString(event) {
			want = []string{"event", "level", "time"}
		}
		var keys []string
		for key := range line {
			if key != "email_digest" && (key != "limit" || event != "rate limited") { // email_digest: only on lines about an email
				keys = append(keys, key)
			}
		}
		if strings.HasSuffix(event, " failed") { // a failed login or confirmation
			require.Regexp(t, `^[\w-]{43}$`, line["email_digest"])
		}
		slices.Sort(keys)
		require.Equal(t, want, keys, text)
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`, line["time"])
		seen[event]++
		plain, _ := json.Marshal(line) // the line without the log's escapes
		for secret := range secrets {
			if totpCode.MatchString(secret) { // another number may contain it
				require.NotRegexp(t, `\b`+secret+`\b`, text)
				continue
			}
			for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
				require.NotContains(t, strings.ToLower(text+string(plain)), strings.ToLower(form))
			}
		}
	}
	for _, event := range []string{"request", "error", "mail not delivered", "login succeeded", "login failed", "rate limited", "token refused", "password reset", "email changed", "second step failed"} {
		require.NotZero(t, seen[event], event)
	}
}

// At warn, requests, the start and the stop are not logged. At info, they are.
func TestLog_Level(t *testing.T) {
	for level, requests := range map[string]int{"info": 1, "warn": 0} {
		p := start(t, t.TempDir(), binary.Production("LOG_LEVEL="+level)...)
		p.Get("/welcome")
		p.Stop()
		require.Equal(t, requests, strings.Count(p.Out.String(), `"route":"/welcome"`), p.Out.String())
		require.Equal(t, requests == 0, p.Out.String() == "", p.Out.String())
	}
}

// The program that reads the log may die, for example when the journal is restarted.
func TestLog_ReaderDies(t *testing.T) {
	p, reader, writer := withPipe(t)
	require.NoError(t, reader.Close())
	require.NoError(t, writer.Close())
	for range 3 {
		status, _ := p.Get("/welcome")
		require.Equal(t, 200, status)
	}
	p.Stop()
}

// The program that reads the log may stall, for example because its disk is full.
func TestLog_ReaderStalls(t *testing.T) {
	p, reader, writer := withPipe(t)
	const requests = 12_000 // their lines exceed the pipe and the buffer
	for range requests {
		status, _ := p.Get("/healthz")
		require.Equal(t, 200, status)
	}
	lines := bufio.NewScanner(reader)
	logged, lost := 0, 0
	for lost == 0 && lines.Scan() {
		if strings.Contains(lines.Text(), `"route":"/healthz"`) {
			logged++
		}
		if match := regexp.MustCompile(`"event":"log lines lost","lines":(\d+)`).FindStringSubmatch(lines.Text()); match != nil {
			lost, _ = strconv.Atoi(match[1])
		}
	}
	require.Equal(t, requests, logged+lost)

	for range 2_000 { // the reader stalls again
		p.Get("/healthz")
	}
	p.Stop() // must end with status 0
	require.NoError(t, writer.Close())
}

// withPipe starts a process whose standard output is a pipe that nothing reads.
func withPipe(t *testing.T) (p *process, reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { reader.Close(); writer.Close() })
	p = command(t, t.TempDir(), binary.Production("PORT="+binary.FreePort(t)))
	p.Stdout = writer
	p.Launch()
	p.AwaitReady()
	return p, reader, writer
}
