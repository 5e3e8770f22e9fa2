package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
)

// mailServer is an SMTP server that offers what it is told to, takes the login
// ada and hunter2, and is trusted by processes with its variable.
type mailServer struct {
	t           *testing.T
	listener    net.Listener
	certificate tls.Certificate
	variable    string            // SSL_CERT_FILE=…
	offers      []string          // of STARTTLS, before TLS
	onData      func()            // before a mail is taken
	answers     map[string]string // to a verb, instead of 250; %s is what came with it
}

func newMailServer(t *testing.T, offers ...string) *mailServer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "authority.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	s := &mailServer{t: t, listener: listener, variable: "SSL_CERT_FILE=" + file, offers: offers,
		certificate: tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn, s.offers)
		}
	}()
	return s
}

// url is the server's, with a login.
func (s *mailServer) url(password string) string {
	return "SMTP_URL=smtp://ada:" + password + "@" + s.listener.Addr().String()
}

// serve speaks RFC 5321 as far as a login.
func (s *mailServer) serve(conn net.Conn, offers []string) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	if _, encrypted := conn.(*tls.Conn); !encrypted {
		fmt.Fprint(conn, "220 mail.example.com ESMTP\r\n")
	}
	for lines.Scan() {
		switch verb, argument, _ := strings.Cut(lines.Text(), " "); verb {
		case "EHLO":
			fmt.Fprint(conn, "250-mail.example.com\r\n")
			for _, offer := range offers {
				fmt.Fprintf(conn, "250-%s\r\n", offer)
			}
			fmt.Fprint(conn, "250 8BITMIME\r\n")
		case "STARTTLS":
			fmt.Fprint(conn, "220 go ahead\r\n")
			s.serve(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{s.certificate}}), []string{"AUTH PLAIN"})
			return
		case "AUTH":
			if argument == "PLAIN AGFkYQBodW50ZXIy" { // ada, hunter2
				fmt.Fprint(conn, "235 welcome\r\n")
			} else {
				fmt.Fprint(conn, "535 wrong\r\n")
			}
		case "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
			for lines.Scan() && lines.Text() != "." {
			}
			if s.onData != nil {
				s.onData()
			}
			fmt.Fprint(conn, "250 taken\r\n")
		case "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			answer, ok := s.answers[verb]
			if !ok {
				answer = "250 fine"
			}
			fmt.Fprintf(conn, "%s\r\n", strings.ReplaceAll(answer, "%s", argument))
		}
	}
}

// healthy is an environment in which nothing is wrong, database included.
func healthy(t *testing.T, dir string) []string {
	t.Helper()
	server := newMailServer(t, "STARTTLS")
	env := []string{newDatabase(t), "HOST=https://login.example.com", "TRUSTED_PROXIES=10.0.0.0/8",
		"SESSION_SECRET=" + secret, server.url("hunter2"), server.variable}
	task(t, dir, env, "db:migrate")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "storage")))
	return env
}

// examined are the doctor's lines, by the name of the check.
func examined(t *testing.T, stdout string) map[string]string {
	t.Helper()
	lines := map[string]string{}
	for line := range strings.Lines(stdout) {
		match := regexp.MustCompile(`^(pass|fail)  (.{15}) (\S.*)\n$`).FindStringSubmatch(line)
		require.NotNil(t, match, line)
		name := strings.TrimSpace(match[2])
		lines[name] += match[1] + " " + match[3] + "\n"
	}
	return lines
}

// ill runs the doctor on what must not pass.
func ill(t *testing.T, dir string, env []string) (lines map[string]string, summary string) {
	t.Helper()
	p := command(t, dir, env, "task", "doctor")
	require.Error(t, p.Run())
	require.Equal(t, 1, p.ProcessState.ExitCode(), p.stderr.String())
	require.NotContains(t, p.stdout.String()+p.stderr.String(), "hunter")
	return examined(t, p.stdout.String()), p.stderr.String()
}

func TestTask_Doctor_AllIsWell(t *testing.T) {
	dir := t.TempDir()
	env := healthy(t, dir)
	for _, mode := range []string{"GO_ENV=development", "GO_ENV=production"} {
		lines := examined(t, task(t, dir, append(env, mode), "doctor"))
		require.Len(t, lines, 10)
		for name, line := range lines {
			require.Regexp(t, "^pass ", line, name)
			require.Equal(t, 1, strings.Count(line, "\n"), name)
		}
	}
	require.NoDirExists(t, filepath.Join(dir, "storage"), "it only looks")
}

// An empty environment: every fault in a line with its remedy, and nothing is made.
func TestTask_Doctor_NothingIsSet(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("LOG_LEVEL=loud\n"), 0o600))
	lines, summary := ill(t, dir, nil)
	for name, want := range map[string]string{
		"secret":         "fail SESSION_SECRET is missing: set it to ",
		"host":           "fail HOST is missing: set it to ",
		"https":          "fail nothing ends TLS: set TRUSTED_PROXIES ",
		"mail":           "fail SMTP_URL is missing: ",
		"database":       "fail there is no database file storage/production.sqlite: is this the right folder?; check DATABASE_URL, or make the database with `task db:migrate`",
		"database TLS":   "pass SQLite crosses no network",
		"migrations":     "fail cannot be told until the database answers",
		"clock":          "fail cannot be told until the database answers",
		".env":           "fail a .env file lies beside the app: ",
		"other settings": "fail LOG_LEVEL=loud is unknown: use ",
	} {
		require.Regexp(t, "^"+regexp.QuoteMeta(want)+`[^\n]*\n$`, lines[name], name)
	}
	require.Len(t, lines, 10)
	require.Equal(t, "9 of 10 checks failed\n", summary)
	require.NoFileExists(t, filepath.Join(dir, "storage", "production.sqlite"), "it only looks")
}

// One thing at a time is wrong, and the doctor names it and nothing else.
func TestTask_Doctor_OneFault(t *testing.T) {
	dir := t.TempDir()
	env := healthy(t, dir)
	plain, stranger := newMailServer(t, "AUTH PLAIN"), newMailServer(t, "STARTTLS")
	for _, c := range []struct{ variable, name, want string }{
		{"SESSION_SECRET=hunter", "secret", "is shorter than 32 bytes: set it to "},
		{"HOST=http://login.example.com", "host", "is not https"},
		{"TRUSTED_PROXIES=0.0.0.0/0", "https", "TRUSTED_PROXIES holds everybody"},
		{"TRUSTED_PROXIES=", "https", "nothing ends TLS"},
		{plain.url("hunter2"), "mail", "does not let us in by TLS"},    // would take the password in the clear
		{stranger.url("hunter2"), "mail", "does not let us in by TLS"}, // nobody vouches for its certificate
		{healthyMail(env, "hunter3"), "mail", "does not let us in by TLS"},
		{"SMTP_URL=smtp://127.0.0.1:1", "mail", "127.0.0.1:1 does not let us in by TLS: check SMTP_URL, the firewall"},
		{"SMTP_URL=nonsense", "mail", "SMTP_URL is not a mail server"},
		{"PASSWORD_MIN=1", "other settings", "PASSWORD_MIN=1: use a number"},
	} {
		lines, summary := ill(t, dir, append(env, c.variable))
		require.Contains(t, lines[c.name], "fail ", c.variable)
		require.Contains(t, lines[c.name], c.want)
		require.Equal(t, "1 of 10 checks failed\n", summary, c.variable)
	}
}

// healthyMail is the mail server of a healthy environment, with another password.
func healthyMail(env []string, password string) string {
	for _, variable := range env {
		if strings.HasPrefix(variable, "SMTP_URL=") {
			return strings.ReplaceAll(variable, "hunter2", password)
		}
	}
	return ""
}

// A server that takes the connection and says nothing does not hold the doctor up for ever.
func TestTask_Doctor_SilentMailServer(t *testing.T) {
	dir := t.TempDir()
	env := healthy(t, dir)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	lines, _ := ill(t, dir, append(env, "SMTP_URL=smtp://"+listener.Addr().String()))
	require.Contains(t, lines["mail"], "fail "+listener.Addr().String()+" does not let us in by TLS")
}

func TestTask_Doctor_Migrations(t *testing.T) {
	dir := t.TempDir()
	env := healthy(t, dir)
	c := testConfig(t, "")
	_, c.DatabaseURL, _ = strings.Cut(env[0], "=")
	for _, change := range []struct{ statement, want string }{
		{"INSERT INTO schema_migration (version) VALUES ('29990101000000')", "fail the database is newer than this release (migration 29990101000000)"},
		{"DELETE FROM schema_migration WHERE version = '20261122090000'", "fail missing: 20261122090000; run `task db:migrate`"},
		{"DROP TABLE schema_migration", "fail there is no schema yet: run `task db:migrate`"},
	} {
		require.NoError(t, models.Connect(c))
		require.NoError(t, models.DB.RawQuery(change.statement).Exec())
		require.NoError(t, models.DB.Close())
		lines, summary := ill(t, dir, env)
		require.Contains(t, lines["migrations"], change.want)
		require.Equal(t, "1 of 10 checks failed\n", summary)
	}
}

func TestTask_Doctor_DatabaseDoesNotAnswer(t *testing.T) {
	dir := t.TempDir()
	env := append(healthy(t, dir), "DATABASE_URL=postgres://corral:hunter2@127.0.0.1:1/corral")
	lines, summary := ill(t, dir, env)
	require.Contains(t, lines["database"], "fail the database cannot be opened: ")
	require.Contains(t, lines["migrations"], "fail cannot be told")
	require.Contains(t, lines["clock"], "fail cannot be told")
	require.Equal(t, "3 of 10 checks failed\n", summary)
}
