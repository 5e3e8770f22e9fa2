package mailers

import (
	"net/mail"
	"net/netip"
	"strings"
	"testing"

	buffalo "github.com/gobuffalo/buffalo/mail"
	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

const (
	password  = "an entirely new set of words"
	userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
)

// All ten mails, each by what a person does, and each link by what it is for.
func TestLetters_TheWholeStory(t *testing.T) {
	modelstest.Empty(t)
	s := newServer(t)
	start(t, s.config())
	ctx, from := t.Context(), models.Origin{Client: netip.MustParseAddr("192.0.2.7"), UserAgent: userAgent}
	const zoe, obrien = "zoe@example.com", "o'brien&co@xn--bcher-kva.example"
	modelstest.SignUp(t, "ada@example.com")
	token := func(p parsed, path string) string {
		t.Helper()
		rawToken, found := strings.CutPrefix(p.link(t), "https://corral.example"+path)
		require.True(t, found, p.link(t))
		require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, rawToken)
		return rawToken
	}
	notice := func(p parsed) parsed {
		t.Helper()
		for _, content := range []string{p.text, p.html} {
			require.Contains(t, content, models.Clock.Now().Format("Jan 2, 2006, 3:04 PM UTC"))
			require.Contains(t, content, "Firefox on Linux")
			require.Contains(t, content, "From the address 192.0.2.7")
		}
		return p
	}

	require.NoError(t, models.RequestSignup(ctx, zoe, "", from))
	p := requireMail(t, s.next(), zoe, "Choose your password")
	_, err := models.CompleteSignup(ctx, token(p, "/signup/"), password, "", from)
	require.NoError(t, err)

	require.NoError(t, models.RequestSignup(ctx, zoe, "", from))
	p = notice(requireMail(t, s.next(), zoe, "You have an account already"))
	require.Equal(t, []string{"https://corral.example/login", "https://corral.example/password/forgot"}, p.links(t))

	require.NoError(t, models.RequestReset(ctx, zoe, "", from))
	p = requireMail(t, s.next(), zoe, "Set a new password")
	require.NoError(t, models.ResetPassword(ctx, token(p, "/password/reset/"), password, from))
	p = notice(requireMail(t, s.next(), zoe, "Your password was changed"))
	require.Equal(t, "https://corral.example/password/forgot", p.link(t))

	user, err := models.FindUserByEmail(ctx, zoe)
	require.NoError(t, err)
	for range 2 { // the first is the one in which the password was chosen
		_, err = models.StartSession(ctx, user, from, false)
		require.NoError(t, err)
	}
	p = notice(requireMail(t, s.next(), zoe, "New login to your account"))
	require.Equal(t, "https://corral.example/account", p.link(t))

	require.NoError(t, user.RequestEmailChange(ctx, "ada@example.com", from))
	p = notice(requireMail(t, s.next(), "ada@example.com", "You have an account already"))
	require.Contains(t, p.text, "Somebody wanted to move another account to ada@example.com")
	require.Equal(t, "https://corral.example/password/forgot", p.link(t))
	p = notice(requireMail(t, s.next(), zoe, "Your email is about to change"))
	require.Contains(t, p.text, "to ada@example.com.")
	require.Equal(t, "https://corral.example/account", p.link(t))

	require.NoError(t, user.RequestEmailChange(ctx, obrien, from))
	p = requireMail(t, s.next(), obrien, "Confirm your new email")
	require.Contains(t, p.text, "log in with "+obrien+" from now on", "as it is, in text")
	require.Contains(t, p.html, "log in with o&#39;brien&amp;co@xn--bcher-kva.example from now on", "escaped, in HTML")
	confirm := token(p, "/account/email/confirm/")
	p = notice(requireMail(t, s.next(), zoe, "Your email is about to change"))
	require.Contains(t, p.text, "to "+obrien+".")
	require.NoError(t, user.ConfirmEmailChange(ctx, confirm, from))
	p = notice(requireMail(t, s.next(), zoe, "Your email was changed"))
	old, err := models.FindEmailUndo(ctx, token(p, "/account/email/undo/"))
	require.NoError(t, err)
	require.Equal(t, zoe, old)

	require.NoError(t, user.Delete(ctx, from))
	p = notice(requireMail(t, s.next(), obrien, "Your account was deleted"))
	require.Empty(t, p.link(t))
}

// What is not ASCII, and what is long, arrives as it was.
func TestLetters_Encoding(t *testing.T) {
	s := newServer(t)
	long := strings.Repeat("Žluťoučký kůň úpěl ďábelské ódy. 馬 ", 200)
	c := s.config()
	c.MailFrom.Name = "Žofie, “Corral” & Co"
	m := note("ada@example.com")
	m.From, m.Subject = c.MailFrom.String(), strings.Repeat("Zurücksetzen Ihres Paßworts ", 10)
	m.Bodies = []buffalo.Body{
		{Content: long + "\n.\n..\nFrom here\n", ContentType: "text/plain; charset=utf-8"},
		{Content: "<p>" + long + "</p>", ContentType: "text/html; charset=utf-8"},
	}
	require.NoError(t, newSMTP(c).Send(m))
	r := s.next()
	p := parse(t, r)
	require.Equal(t, m.Subject, p.subject)
	require.Equal(t, long+"\n.\n..\nFrom here\n", p.text)
	require.Equal(t, "<p>"+long+"</p>", p.html)
	sender, err := mail.ParseAddress(p.header.Get("From"))
	require.NoError(t, err)
	require.Equal(t, c.MailFrom.Name, sender.Name)
	for line := range strings.Lines(string(r.raw)) {
		require.LessOrEqual(t, len(line), 80, line)
		require.NotRegexp(t, `[^\x00-\x7f]`, line)
	}
}

// An address outside ASCII reaches a server that takes one (RFC 6531).
func TestLetters_AddressOutsideASCII(t *testing.T) {
	s := newServer(t)
	require.NoError(t, newSMTP(s.config()).Send(note("zoë@example.com")))
	require.Equal(t, "zoë@example.com", s.next().to)
}
