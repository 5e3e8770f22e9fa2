package process

import (
	"bufio"
	"crypto/tls"
	"database/sql"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// mailServer is an SMTP server with configurable extensions. Its only user is ada with
// the password hunter2.
type mailServer struct {
	listener    net.Listener
	certificate *services.Certificate
	variable    string            // SSL_CERT_FILE=…
	extensions  []string          // what EHLO lists before TLS
	onData      func(to string)   // is called before a mail is accepted
	answers     map[string]string // answers by verb, instead of 250; %s is the argument
}

func newMailServer(t *testing.T, extensions ...string) *mailServer {
	t.Helper()
	certificate, err := services.NewCertificate(t.TempDir())
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	s := &mailServer{listener: listener, certificate: certificate, variable: certificate.Variable(), extensions: extensions}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn, s.extensions)
		}
	}()
	return s
}

func (s *mailServer) url(password string) string {
	return "SMTP_URL=smtp://ada:" + password + "@" + s.listener.Addr().String()
}

// serve implements as much of RFC 5321 as the tests need.
func (s *mailServer) serve(conn net.Conn, extensions []string) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	if _, encrypted := conn.(*tls.Conn); !encrypted {
		fmt.Fprint(conn, "220 mail.example.com ESMTP\r\n")
	}
	to := ""
	for lines.Scan() {
		if email, ok := strings.CutPrefix(lines.Text(), "RCPT TO:<"); ok {
			to, _, _ = strings.Cut(email, ">")
		}
		switch verb, argument, _ := strings.Cut(lines.Text(), " "); verb {
		case "EHLO":
			fmt.Fprint(conn, "250-mail.example.com\r\n")
			for _, extension := range extensions {
				fmt.Fprintf(conn, "250-%s\r\n", extension)
			}
			fmt.Fprint(conn, "250 8BITMIME\r\n")
		case "STARTTLS":
			fmt.Fprint(conn, "220 go ahead\r\n")
			s.serve(tls.Server(conn, s.certificate.TLS()), []string{"AUTH PLAIN"})
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
				s.onData(to)
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

// queue adds mails to the outbox.
func queue(t *testing.T, db *sql.DB, recipients ...string) {
	t.Helper()
	for _, to := range recipients {
		now := time.Now().UTC()
		_, err := db.Exec(`INSERT INTO mails (id, recipient, template, language, data, low_priority, resolved, attempts, last_error, created_at, due_at)
			VALUES ($1, $2, 'password_changed', '', '{}', FALSE, '', 0, '', $3, $4)`, uuid.Must(uuid.NewV7()).String(), to, now, now)
		require.NoError(t, err)
	}
}

// outbox returns a migrated database, and the environment of a node that delivers the
// mails in it.
func outbox(t *testing.T, mail *mailServer, database string) (db *sql.DB, env []string) {
	t.Helper()
	env = binary.Production(database, mail.url("hunter2"), mail.variable)
	task(t, t.TempDir(), env, "db:migrate")
	return services.OpenDatabase(t, strings.TrimPrefix(database, "DATABASE_URL=")), env
}

func TestMail_TwoProcessesSendEachMailOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		const count = 200
		mail, arrived := newMailServer(t, "STARTTLS"), make(chan string, 2*count)
		mail.onData = func(to string) { arrived <- to }
		db, env := outbox(t, mail, database)
		recipients := map[string]bool{}
		for n := range count {
			recipients[fmt.Sprintf("person%d@example.com", n)] = true
		}
		queue(t, db, slices.Collect(maps.Keys(recipients))...)
		nodes := []*process{launch(t, env), launch(t, env)}
		for range count {
			select {
			case to := <-arrived:
				require.True(t, recipients[to], "%s got two mails", to)
				delete(recipients, to)
			case <-time.After(time.Minute):
				require.Fail(t, "mails are left", nodes[0].Log()+nodes[1].Log())
			}
		}
		for _, n := range nodes {
			n.AwaitReady()
			n.Stop()
		}
		require.Empty(t, arrived)
		var delivered int
		require.NoError(t, db.QueryRow("SELECT count(*) FROM mails WHERE delivered_at IS NOT NULL AND attempts = 1").Scan(&delivered))
		require.Equal(t, count, delivered)
	})
}

func TestMail_IsSentAgainAfterTheLease(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		mail, arrived, accept := newMailServer(t, "STARTTLS"), make(chan string, 9), make(chan bool)
		mail.onData = func(to string) { arrived <- to; <-accept }
		db, env := outbox(t, mail, database)
		queue(t, db, "first@example.com")
		began := time.Now()
		first := launch(t, env)
		require.Equal(t, "first@example.com", <-arrived)
		first.Kill()
		close(accept)
		var due time.Time
		require.NoError(t, db.QueryRow("SELECT due_at FROM mails").Scan(&due))
		require.WithinRange(t, due, began.Add(2*time.Minute-time.Second), time.Now().Add(2*time.Minute))

		queue(t, db, "second@example.com")
		launch(t, env)
		require.Equal(t, "second@example.com", <-arrived, "the first mail is still leased")
		_, err := db.Exec("UPDATE mails SET due_at = $1 WHERE recipient = 'first@example.com'", time.Now().UTC()) // the lease ends
		require.NoError(t, err)
		require.Equal(t, "first@example.com", <-arrived)
	})
}

// launch starts the app in an empty folder, and does not wait until it is ready.
func launch(t *testing.T, env []string) *process {
	t.Helper()
	return &process{binary.Launch(t, t.TempDir(), env...), t}
}
