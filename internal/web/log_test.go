package web

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// buffer is a log that tests may read while the app writes it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *buffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *buffer) lines(t testing.TB) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []map[string]any
	for text := range strings.Lines(l.b.String()) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		lines = append(lines, line)
	}
	return lines
}

// wait waits for n lines and returns them. A line may be written after its response.
func (l *buffer) wait(t testing.TB, n int) (lines []map[string]any) {
	t.Helper()
	require.Eventually(t, func() bool { lines = l.lines(t); return len(lines) >= n }, 10*time.Second, time.Millisecond)
	return lines
}

func keysOf(line map[string]any) []string { return slices.Sorted(maps.Keys(line)) }

func newLog(log *buffer) *slog.Logger { return NewLogger(log, slog.LevelInfo, true) }

func TestLog_OnlyListedKeys(t *testing.T) {
	var log buffer
	logger := newLog(&log)
	logger.Info("mail delivered", "template", "reset", "password", "hunter2", "email", "ada@example.com", "path", "/password/reset/abc")
	logger.WithGroup("form").With("token", "abc").Info("x", "cookie", "abc")
	lines := log.lines(t)
	require.Equal(t, []string{"event", "level", "template", "time"}, keysOf(lines[0]))
	require.Equal(t, "mail delivered", lines[0]["event"])
	require.NotContains(t, fmt.Sprint(lines), "abc")
}

func TestLog_TimeIsUTC(t *testing.T) {
	local := time.Now().In(time.FixedZone("Kathmandu", 5*3600+45*60))
	var log buffer
	require.NoError(t, newLog(&log).Handler().Handle(t.Context(), slog.NewRecord(local, slog.LevelInfo, "x", 0)))
	text := log.lines(t)[0]["time"].(string)
	require.True(t, strings.HasSuffix(text, "Z"), text)
	_, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
}

func TestLog_RequestHasTheseKeysOnly(t *testing.T) {
	var log buffer
	s := serve(t, echo, inProduction, logTo(&log))
	send(t, s, "POST", "/secret-path?q=secret-query", "a=secret-field", "Host", "corral.example", "X-Forwarded-Proto", "https",
		"X-Forwarded-For", "secret, 203.0.113.7", "Cookie", "c=secret", "X-Real-IP", "192.0.2.1", "User-Agent", "secret", "Referer", "https://corral.example/secret", "Authorization", "secret")
	lines := log.lines(t)
	require.Len(t, lines, 1)
	require.Equal(t, []string{"client", "event", "level", "method", "ms", "request_id", "route", "status", "time", "user_id"}, keysOf(lines[0]))
	require.Equal(t, "203.0.113.7", lines[0]["client"])
	require.Equal(t, "POST", lines[0]["method"])
	require.EqualValues(t, 200, lines[0]["status"])
	require.NotContains(t, fmt.Sprint(lines), "secret")
}

// Any client can write these headers.
func TestLog_ClientIsThePeer(t *testing.T) {
	var log buffer
	s := serve(t, echo, func(o *Options) { o.Logger = newLog(&log) })
	send(t, s, "GET", "/", "", "X-Real-IP", "192.0.2.1", "X-Forwarded-For", "192.0.2.1", "Forwarded", "for=192.0.2.1")
	require.Equal(t, "127.0.0.1", log.wait(t, 1)[0]["client"])
}

// Other events have lines of their own, except a further refusal, which is dropped.
func TestLog_RequestLineHasTheFirstEvent(t *testing.T) {
	var log buffer
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, event := range []string{"cookie refused", "guard refused", "logout"} {
			Info(r.Context()).Event(event)
		}
	}), func(o *Options) { o.Logger = newLog(&log) })
	send(t, s, "GET", "/", "")
	lines := log.lines(t)
	require.Len(t, lines, 2)
	require.Equal(t, "logout", lines[0]["event"])
	require.Equal(t, "cookie refused", lines[1]["event"])
	require.EqualValues(t, 200, lines[1]["status"])
}

func TestLog_CutOffRequestKeepsItsEvent(t *testing.T) {
	var log buffer
	r := RequestInfo{logger: newLog(&log), event: "logout"}
	r.log(200, true, 0)
	lines := log.lines(t)
	require.Len(t, lines, 2)
	require.Equal(t, "logout", lines[0]["event"])
	require.Equal(t, "request cut off", lines[1]["event"])
}

func TestLog_EmailDigest(t *testing.T) {
	var log buffer
	r := RequestInfo{logger: newLog(&log), EmailDigest: "abc"}
	r.Event("login failed") // on the request's line
	r.Event("logout")       // on its own line
	r.log(422, false, 0)
	for _, line := range log.lines(t) {
		require.Equal(t, "abc", line["email_digest"])
	}
}

func TestLog_Level(t *testing.T) {
	var log buffer
	r := RequestInfo{logger: NewLogger(&log, slog.LevelWarn, true)}
	r.log(200, false, 0)
	require.Empty(t, log.lines(t))
}

func BenchmarkLog(b *testing.B) {
	r := RequestInfo{ID: "AB", method: "GET", Route: "/", Client: netip.MustParseAddr("192.0.2.1"), UserID: "0193aaaa-bbbb-7ccc-8ddd-eeeeffff0000"}
	r.logger = NewLogger(io.Discard, slog.LevelInfo, true)
	b.ReportAllocs()
	for b.Loop() {
		r.log(200, false, time.Millisecond)
	}
}

func TestLog_CannotBeForged(t *testing.T) {
	const forged = `{"level":"INFO","event":"login succeeded","user_id":"ada"}`
	for _, json := range []bool{true, false} {
		var log buffer
		s := serve(t, echo, inProduction, func(o *Options) {
			o.Logger = NewLogger(&log, slog.LevelInfo, json)
			o.HTTPS = json // once with, once without
		})
		requests := []string{
			"GET /x%0a" + strings.ReplaceAll(forged, `"`, "%22") + " HTTP/1.1\r\nHost: corral.example\r\n\r\n",
			"GET /panic?%0d%0a HTTP/1.1\r\nHost: corral.example\r\nX-Forwarded-Proto: https\r\n\r\n",
			"FORGED\tlogin HTTP/1.1\r\nHost: corral.example\r\n\r\n",
			"LOGIN!SUCCEEDED /x HTTP/1.1\r\nHost: corral.example\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: corral.example\r\nX-Forwarded-For: 1.1.1.1\r\n\t" + forged + "\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: evil\x0b" + forged + "\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: corral.example\r\nX-Forwarded-For: 1.1.1.1\u2028" + forged + "\r\nUser-Agent: a\x1b[31m\r\n\r\n",
		}
		for _, text := range requests {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			fmt.Fprint(conn, text)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err, text)
			res.Body.Close()
			conn.Close()
		}
		s.Close() // waits for the last line
		require.NotContains(t, strings.ToLower(log.b.String()), "succeeded")
		for line := range strings.Lines(log.b.String()) {
			require.Regexp(t, `^(\{"time":"|time=)`, line)
			require.Contains(t, line, "request_id")
		}
	}
}

func TestLog_ErrorsDoNotQuoteInput(t *testing.T) {
	var log buffer
	logger := newLog(&log)
	token := strings.Repeat("Ab-_", 11)
	for text, want := range map[string]string{
		`ERROR: duplicate key (SQLSTATE 23505) Key (email)=(ada@example.com) already exists.`: `ERROR: duplicate key (SQLSTATE 23505) Key (email)=((email)) already exists.`,
		`550 <Ada.O'Hara+x@mail.example.com>: no such mailbox`:                                `550 <(email)>: no such mailbox`,
		`unable to encode "` + token + `" into text`:                                          `unable to encode "(token)" into text`,
		"two\nlines": "two\nlines",
	} {
		logger.Error("error", "error", text)
		lines := log.lines(t)
		require.Equal(t, want, lines[len(lines)-1]["error"])
	}
	logger.Error("error", "error", strings.Repeat("é", 5000))
	lines := log.lines(t)
	require.Less(t, len(lines[len(lines)-1]["error"].(string)), 2100)
	logger.Error("error", "error", strings.Repeat(" ", maxError-30)+token) // spans the point of truncation
	lines = log.lines(t)
	require.NotContains(t, lines[len(lines)-1]["error"], token[:20])

	req, err := http.NewRequest("POST", "/password/reset/short-token?q=typed+query&code=987654", nil)
	require.NoError(t, err)
	req.PostForm = map[string][]string{"password": {"correct horse"}, "n": {"7"}}
	req.AddCookie(&http.Cookie{Name: "corral", Value: "cookie-value"})
	r := &RequestInfo{request: req, Route: "/password/reset/{token}", logger: logger}
	r.Error(errors.New(`storing a password: cannot encode "correct horse", "short-token", "typed query", 987654, cookie-value, 7`))
	r.panicked(fmt.Errorf("no case for %q", "correct horse"))
	lines = log.lines(t)
	require.Equal(t, `storing a password: cannot encode "(input)", "(input)", "typed query", (input), (input), 7`, lines[len(lines)-2]["error"])
	require.Equal(t, `no case for "(input)"`, lines[len(lines)-1]["error"])
	require.Contains(t, lines[len(lines)-1]["stack"], "log_test.go")
	require.Contains(t, r.Trace, "correct horse", "the developer's page shows all of it")
}

// If a secret matched the replacement of another, a form could fill the memory.
func TestLog_RedactionMarkersDoNotGrow(t *testing.T) {
	r := RequestInfo{request: &http.Request{PostForm: url.Values{"code": slices.Repeat([]string{"canc", "inpu", "((in", "put)"}, 9)}}}
	require.Equal(t, "context (input)eled", r.withoutSecrets("context canceled"))
}

func TestLog_LibrariesWriteLines(t *testing.T) {
	for text, level := range map[string]string{
		"http: Accept error: too many open files; retrying in 5ms": "WARN",
		"http: TLS handshake error from 192.0.2.1:4711: EOF":       "INFO", // as of a port scan
	} {
		var log buffer
		fmt.Fprintln(Printed{newLog(&log)}, text)
		lines := log.lines(t)
		require.Equal(t, "printed", lines[0]["event"])
		require.Equal(t, text, lines[0]["error"])
		require.Equal(t, level, lines[0]["level"])
	}
}
