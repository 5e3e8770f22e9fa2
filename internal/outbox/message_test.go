package outbox_test

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"testing"

	buffalo "github.com/gobuffalo/buffalo/mail"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
)

// smtptest.Require checks the rules of RFC 5322.
func TestMessage_OnTheWire(t *testing.T) {
	q := newQueue(t)
	put(t, outbox.Mail{Recipient: "ada@example.com", Template: "link"})
	message, err := compose(q)(t.Context(), mailTo(t, "ada@example.com"))
	require.NoError(t, err)
	s := smtptest.New(t)
	require.NoError(t, sender(s).Send(message))
	smtptest.Require(t, s.Next(), "ada@example.com", "Hello")
}

func TestMessage_Encoding(t *testing.T) {
	s := smtptest.New(t)
	long := strings.Repeat("Žluťoučký kůň úpěl ďábelské ódy. 馬 ", 200)
	from := mail.Address{Name: "Žofie, “Corral” & Co", Address: "no-reply@corral.example"}
	m := message("ada@example.com")
	m.From, m.Subject = from.String(), strings.Repeat("Zurücksetzen Ihres Paßworts ", 10)
	m.Bodies = []buffalo.Body{
		{Content: long + "\n.\n..\nFrom here\n", ContentType: "text/plain; charset=utf-8"},
		{Content: "<p>" + long + "</p>", ContentType: "text/html; charset=utf-8"},
	}
	require.NoError(t, sender(s).Send(m))
	r := s.Next()
	p := smtptest.Parse(t, r)
	require.Equal(t, m.Subject, p.Subject)
	require.Equal(t, long+"\n.\n..\nFrom here\n", p.Text)
	require.Equal(t, "<p>"+long+"</p>", p.HTML)
	sender, err := mail.ParseAddress(p.Header.Get("From"))
	require.NoError(t, err)
	require.Equal(t, from.Name, sender.Name)
	for line := range strings.Lines(string(r.Raw)) {
		require.LessOrEqual(t, len(line), 80, line)
		require.NotRegexp(t, `[^\x00-\x7f]`, line)
	}
}

// A server that supports RFC 6531 gets a mail to a non-ASCII email.
func TestMessage_EmailOutsideASCII(t *testing.T) {
	s := smtptest.New(t)
	require.NoError(t, sender(s).Send(message("zoë@example.com")))
	require.Equal(t, []string{"zoë@example.com"}, s.Next().To)
}

func TestMessage_HeaderInjection(t *testing.T) {
	s := smtptest.New(t)
	for _, email := range []string{
		"ada@example.com\r\nBcc: eve@example.com", "ada@example.com\nBcc: eve@example.com", "ada@example.com\r\n\r\nHello",
		"ada@example.com, eve@example.com", "<ada@example.com>\r\nRCPT TO:<eve@example.com>", "ada@example.com\x00", "",
	} {
		require.Error(t, sender(s).Send(message(email)), "%q", email)
		m := message("ada@example.com")
		m.From = "<" + email + ">"
		require.Error(t, sender(s).Send(m), "%q", email)
	}
	require.Empty(t, s.Arrived)

	q := newQueue(t)
	put(t, outbox.Mail{Recipient: "ada@example.com", Template: "notice"})
	m, err := compose(q)(t.Context(), mailTo(t, "ada@example.com"))
	require.NoError(t, err)
	m.From = (&mail.Address{Name: "Corral\r\nBcc: eve@example.com", Address: "no-reply@corral.example"}).String()
	m.Subject += "\r\nBcc: eve@example.com\r\n\r\nHello"
	m.SetHeader("X-Reason", "none\r\nBcc: eve@example.com")
	require.NoError(t, sender(s).Send(m))
	r := s.Next()
	require.Equal(t, []string{"ada@example.com"}, r.To)
	require.NotContains(t, smtptest.Parse(t, r).Header, "Bcc")
}

func TestMessage_CopiesAndAttachments(t *testing.T) {
	s := smtptest.New(t)
	m := message("ada@example.com")
	m.CC, m.Bcc = []string{"bea@example.com"}, []string{"cleo@example.com"}
	require.NoError(t, m.AddAttachment("bill.pdf", "application/pdf", strings.NewReader("of a bill")))
	require.NoError(t, m.AddEmbedded("logo.png", strings.NewReader("of a logo")))
	require.NoError(t, sender(s).Send(m))
	r := s.Next()
	slices.Sort(r.To)
	require.Equal(t, []string{"ada@example.com", "bea@example.com", "cleo@example.com"}, r.To)
	for _, want := range []string{"Cc: <bea@example.com>", "application/pdf", `inline; filename="logo.png"`, "b2YgYSBiaWxs", "b2YgYSBsb2dv"} { // the contents in base64
		require.True(t, bytes.Contains(r.Raw, []byte(want)), "%s in\n%s", want, r.Raw)
	}
	require.NotContains(t, string(r.Raw), "cleo")

	m.Bodies[0].ContentType = "invalid/"
	require.Error(t, sender(s).Send(m))
}

func TestDomain(t *testing.T) {
	for host, want := range map[string]string{
		"www.example.com": "www.example.com", "192.0.2.1": "[192.0.2.1]", "2001:db8::1": "[IPv6:2001:db8::1]",
	} {
		require.Equal(t, want, outbox.Domain(host))
	}
}

func TestMail_SetData(t *testing.T) {
	m := &outbox.Mail{Data: "{}"}
	require.NoError(t, m.SetData(map[string]int{"a": 1}))
	require.JSONEq(t, `{"a": 1}`, m.Data)
	require.ErrorContains(t, m.SetData(func() {}), "the data of a mail: ")
	require.JSONEq(t, `{"a": 1}`, m.Data)
}

func TestMail_Message(t *testing.T) {
	m := &outbox.Mail{ID: uuid.Must(uuid.NewV7()), Recipient: "ada@example.com"}
	message := m.Message(&mail.Address{Name: "Corral", Address: "no-reply@corral.example"}, "192.0.2.1", "Hello")
	require.Equal(t, `"Corral" <no-reply@corral.example>`, message.From)
	require.Equal(t, []string{"ada@example.com"}, message.To)
	require.Equal(t, "Hello", message.Subject)
	require.Equal(t, map[string]string{"Auto-Submitted": "auto-generated", "Message-ID": "<" + m.ID.String() + "@[192.0.2.1]>"}, message.Headers)
}
