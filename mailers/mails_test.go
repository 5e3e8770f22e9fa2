package mailers_test

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/outbox/smtptest"
	"corral/models"
	"corral/models/modelstest"
)

const (
	password  = "an entirely new set of words"
	userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
	layout    = "Jan 2, 2006, 3:04 PM UTC"
)

func TestMails_ArriveWithWorkingLinks(t *testing.T) {
	s := smtptest.New(t)
	start(t, s)
	ctx, client := t.Context(), models.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: userAgent}
	const zoe, obrien = "zoe@example.com", "o'brien&co@xn--bcher-kva.example"
	modelstest.SignUp(t, "ada@example.com")
	token := func(m message, path string) string {
		t.Helper()
		rawToken, found := strings.CutPrefix(m.link(t), "https://corral.example"+path)
		require.True(t, found, m.link(t))
		require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, rawToken)
		return rawToken
	}
	notice := func(m message) message {
		t.Helper()
		now := models.Clock.Now()
		when := regexp.QuoteMeta(now.Add(-time.Minute).Format(layout)) + "|" + regexp.QuoteMeta(now.Format(layout))
		for _, content := range []string{m.Text, m.HTML} {
			require.Regexp(t, when, content)
			require.Contains(t, content, "Firefox on Linux")
			require.Contains(t, content, "From the IP address 192.0.2.7")
		}
		return m
	}

	notMe := func(m message, email string) {
		t.Helper()
		found, err := models.FindNotMe(ctx, token(m, "/not-me/"))
		require.NoError(t, err)
		require.Equal(t, email, found.Email)
	}

	require.NoError(t, models.RequestLink(ctx, models.PurposeSignup, zoe, "", client))
	m := requireMail(t, s.NextTo(zoe), zoe, "Choose your password")
	_, err := models.CompleteSignup(ctx, token(m, "/signup/"), password, "", client)
	require.NoError(t, err)

	require.NoError(t, models.RequestLink(ctx, models.PurposeSignup, zoe, "", client))
	m = notice(requireMail(t, s.NextTo(zoe), zoe, "You have an account already"))
	require.Equal(t, []string{"https://corral.example/login", "https://corral.example/password/forgot"}, m.links(t))

	require.NoError(t, models.RequestLink(ctx, models.PurposeReset, zoe, "", client))
	m = requireMail(t, s.NextTo(zoe), zoe, "Set a new password")
	_, err = models.ResetPassword(ctx, token(m, "/password/reset/"), password, client)
	require.NoError(t, err)
	m = notice(requireMail(t, s.NextTo(zoe), zoe, "A new password was set"))
	require.Contains(t, m.Text, "A new password was set for "+zoe, "it may be the first one")
	notMe(m, zoe)

	user, err := models.FindUserByEmail(ctx, zoe)
	require.NoError(t, err)
	_, err = models.StartSession(ctx, user, client, models.Session{}) // in a browser that is not the one of the reset
	require.NoError(t, err)
	m = notice(requireMail(t, s.NextTo(zoe), zoe, "New login to your account"))
	notMe(m, zoe)

	require.NoError(t, user.RequestEmailChange(ctx, "ada@example.com", client))
	m = notice(requireMail(t, s.NextTo("ada@example.com"), "ada@example.com", "You have an account already"))
	require.Contains(t, m.Text, "Someone wanted to move another account to ada@example.com")
	require.Equal(t, "https://corral.example/password/forgot", m.link(t))
	m = notice(requireMail(t, s.NextTo(zoe), zoe, "Your email is about to change"))
	require.Contains(t, m.Text, "to ada@example.com.")
	notMe(m, zoe)

	require.NoError(t, user.RequestEmailChange(ctx, obrien, client))
	m = requireMail(t, s.NextTo(obrien), obrien, "Confirm your new email")
	require.Contains(t, m.Text, "log in with "+obrien+" from now on", "as it is, in text")
	require.Contains(t, m.HTML, "log in with o&#39;brien&amp;co@xn--bcher-kva.example from now on", "escaped, in HTML")
	confirm := token(m, "/account/email/confirm/")
	m = notice(requireMail(t, s.NextTo(zoe), zoe, "Your email is about to change"))
	require.Contains(t, m.Text, "to "+obrien+".")
	require.NoError(t, user.ConfirmEmailChange(ctx, confirm, client))
	m = notice(requireMail(t, s.NextTo(zoe), zoe, "Your email was changed"))
	notMe(m, zoe)

	require.NoError(t, user.Delete(ctx, client))
	m = notice(requireMail(t, s.NextTo(obrien), obrien, "Your account was deleted"))
	undo := token(m, "/not-me/")

	require.NoError(t, models.RequestLink(ctx, models.PurposeReset, obrien, "", client))
	m = notice(requireMail(t, s.NextTo(obrien), obrien, "This email address is reserved"))
	until := models.Clock.Now().Add(models.DeletedUserLifetime)
	require.Regexp(t, "until ("+until.Add(-time.Minute).Format("Jan 2, 2006")+"|"+until.Format("Jan 2, 2006")+"), ", m.Text)
	require.Contains(t, m.Text, "our email about it has the link to take the account back, which works for 7 days", "less than the reservation")
	require.Empty(t, m.link(t))
	require.NoError(t, models.Undo(ctx, undo, client))
	r := s.NextTo(obrien)
	if smtptest.Parse(t, r).Subject == "Set a new password" { // both mails of Undo are delivered concurrently
		r = s.NextTo(obrien)
	}
	m = notice(requireMail(t, r, obrien, "A change to your account was undone"))
	require.NotContains(t, m.Text, "earlier", "the email is the same")
	require.Contains(t, m.Text, "was sent to the email address that the account has now", "also if it is another one")
	require.Empty(t, m.link(t))
}
