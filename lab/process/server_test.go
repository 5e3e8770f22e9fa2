package process

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

func TestStart_OccupiedPortIsNamed(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	require.Contains(t, refusal(t, dir, []string{"PORT=" + port}), "cannot listen on 127.0.0.1:"+port+": ")
}

func TestStart_UnusableCertificateIsOneLine(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "noise.pem"), []byte("no certificate"), 0o600))
	for _, file := range []string{"missing.pem", "noise.pem", dir} {
		env := binary.Production("PORT="+binary.FreePort(t), "TLS_CERT_FILE="+file, "TLS_KEY_FILE="+file)
		line := oneLineRefusal(t, dir, env)
		require.Contains(t, line, "TLS_CERT_FILE")
	}
}

func TestStop_AnswersRequestsInFlight(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t, t.TempDir())
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
		require.NoError(t, err)
		fmt.Fprintf(conn, "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nemai")
		_, _ = p.Get("/login") // when this is answered, the server has read the first part
		require.NoError(t, p.Signal(signal))
		fmt.Fprint(conn, "l=ada")
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(answer), "422 Unprocessable Entity")
		require.NoError(t, p.Wait(), "exit status 0")
	}
}

// sendAllButLastByte sends a form without its last byte. finish sends the last byte,
// waits until the connection is closed, and returns the status.
func (p *process) sendAllButLastByte(path, body string) (finish func() (status int)) {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	require.NoError(p.t, err)
	p.t.Cleanup(func() { conn.Close() })
	cut := len(body) - 1
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", path, len(body))
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	require.NoError(p.t, err)
	require.Contains(p.t, line, "100 Continue", "the process is reading")
	fmt.Fprint(conn, body[:cut])
	return func() int {
		fmt.Fprint(conn, body[cut:])
		_, err := reader.ReadString('\n') // the empty line after 100 Continue
		require.NoError(p.t, err)
		res, err := http.ReadResponse(reader, nil)
		require.NoError(p.t, err)
		io.Copy(io.Discard, reader) // until the process closes the connection
		return res.StatusCode
	}
}

// The process first ends requests, then the mail worker, then the database, so that the
// mails of the last requests are delivered and recorded.
func TestStop_RequestsThenWorkerThenDatabase(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir := t.TempDir()
		mail := newMailServer(t, "STARTTLS")
		arrived, accept := make(chan bool, 1), make(chan bool)
		mail.onData = func(string) { arrived <- true; <-accept }
		p := start(t, dir, binary.Production(database, mail.url("hunter2"), mail.variable)...)
		first, last := p.sendAllButLastByte("/signup", "email=bob@example.com"), p.sendAllButLastByte("/login", "email=nobody@example.com")

		require.NoError(t, p.Signal(syscall.SIGTERM))
		for err := error(nil); err == nil; { // until no connection is accepted
			var conn net.Conn
			if conn, err = net.Dial("tcp", strings.TrimPrefix(p.URL, "http://")); err == nil {
				conn.Close()
			}
		}
		require.Equal(t, 303, first())
		select {
		case <-arrived: // the worker stops after the requests
		case <-time.After(time.Minute):
			require.Fail(t, "the mail did not come", p.Out.String())
		}
		require.Equal(t, 422, last(), "the database stops after the requests, too")
		close(accept)
		require.NoError(t, p.Wait(), "exit status 0")
		require.Contains(t, p.Out.String(), `"mail delivered"`)
		require.NotContains(t, p.Out.String(), "cannot be recorded", "the database outlives the worker")

		var mails, delivered int
		db := services.OpenDatabase(t, strings.TrimPrefix(database, "DATABASE_URL="))
		require.NoError(t, db.QueryRow("SELECT count(*), count(delivered_at) FROM mails").Scan(&mails, &delivered))
		require.Equal(t, 1, mails)
		require.Equal(t, 1, delivered)
	})
}

// peakMemory returns the maximum resident memory of the process so far, in bytes.
func (p *process) peakMemory() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Cmd.Process.Pid))
	require.NoError(p.t, err)
	match := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(p.t, match)
	kib, _ := strconv.Atoi(string(match[1]))
	return kib << 10
}

func TestBody_200MBAreNotKeptInMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, whose /proc tells what a process has used")
	}
	p := start(t, t.TempDir(), binary.Production()...)
	const size = 200 << 20
	kinds := []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"}
	before := p.peakMemory()
	for _, path := range []string{"/login", "/welcome", "/nothing", "/assets/x"} {
		for _, method := range []string{"POST", "PUT", "GET"} {
			for _, kind := range kinds {
				for _, length := range []int64{size, -1} {
					req, err := http.NewRequest(method, p.URL+path, io.LimitReader(endless{}, size))
					require.NoError(t, err)
					req.Host, req.ContentLength = "127.0.0.1", length
					req.Header.Set("X-Forwarded-Proto", "https")
					req.Header.Set("Content-Type", kind)
					if res, err := new(http.Transport).RoundTrip(req); err == nil { // the server may close the connection before it answers
						if method != "GET" || length == size || kind == kinds[0] { // otherwise the app does not read the body, whose length is unknown
							require.GreaterOrEqual(t, res.StatusCode, 400)
						}
						require.True(t, res.Close, "the rest is not read")
						res.Body.Close()
					}
				}
			}
		}
	}
	require.Less(t, p.peakMemory()-before, 20<<20)
	status, _ := p.Get("/welcome")
	require.Equal(t, 200, status)
}

// endless reads form data without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	copy(b, bytes.Repeat([]byte("a="), len(b)/2+1))
	return len(b), nil
}
