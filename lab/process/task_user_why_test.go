package process

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// whyLines returns the lines that the task prints about an email. T stands for times, D
// for the digest and U for the ID.
func whyLines(t *testing.T, dir string, env []string, email string) []string {
	t.Helper()
	output := task(t, dir, env, "user:why", email)
	output = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`).ReplaceAllString(output, "T")
	output = regexp.MustCompile(`[\w-]{43}`).ReplaceAllString(output, "D")
	output = regexp.MustCompile(`[0-9a-f-]{36}`).ReplaceAllString(output, "U")
	return strings.Split(strings.TrimSpace(output), "\n")
}

func TestTask_UserWhy_ExplainsAnAccount(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir, env := t.TempDir(), []string{database}
		passwords := seed(t, dir, env...)
		p := start(t, dir, env...)
		ada := p.browser()
		require.Equal(t, 303, p.logIn(ada, "ada@example.com", passwords["ada@example.com"]))
		for range 2 {
			require.Equal(t, 422, p.logIn(p.browser(), "ada@example.com", "wrong"))
		}
		p.send(p.browser(), "/password/forgot", map[string][]string{"email": {"ada@example.com"}})
		require.Equal(t, []string{
			"ada@example.com has an account, created at T.",
			"It has a password.",
			"Its second step is off: one factor logs in.",
			"Failed attempts in a row with this email, by unknown browsers: 2.",
			"It is not rate limited. (But a client with ten failures in three minutes has to wait, with any email; so has one that requested MAILS_PER_CLIENT mails in an hour.)",
			"Browsers that have logged in to the account before: 1. Each has a rate limit of its own.",
			"A link to set a new password works until T.",
			"The last mails to this email:",
			"  T: “Set a new password” (mail_id U), queued",
			"Nothing is delivered: there is no SMTP_URL. In development the mails are at http://localhost:3000/dev/mail.",
			"The last failed attempts:",
			"  T, Go-http-client, from 127.0.0.1: Failed attempt to log in",
			"  T, Go-http-client, from 127.0.0.1: Failed attempt to log in",
			"Sessions:",
			"  Go-http-client, from 127.0.0.1, logged in T, last seen T",
			"Its user_id in the log is U.",
			"Its email_digest in the log is D.",
		}, whyLines(t, dir, env, " Ada@Example.com "))
		digest := regexp.MustCompile(`[\w-]{43}`).FindString(task(t, dir, env, "user:why", "ada@example.com"))
		require.Regexp(t, `event="login failed" .*email_digest=`+digest, p.Out.String())
	})
}

func TestTask_UserWhy_SaysLocked(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir, env := t.TempDir(), []string{database}
		passwords := seed(t, dir, env...)
		lines := whyLines(t, dir, env, "carol@example.com")
		require.Contains(t, lines, "Failed attempts in a row with this email, by unknown browsers: 100.")
		require.Contains(t, lines, "It is locked for unknown browsers: waiting does not unlock it. A browser that resets the password by mail becomes a known one.")
		require.Contains(t, lines, "There is no session.")
		p := start(t, dir, env...)
		require.Equal(t, http.StatusTooManyRequests, p.logIn(p.browser(), "carol@example.com", passwords["carol@example.com"]))
		require.Equal(t, 303, p.logIn(p.browser(), "bob@example.com", passwords["bob@example.com"]))
		seed(t, dir, env...)
		require.Equal(t, http.StatusTooManyRequests, p.logIn(p.browser(), "carol@example.com", passwords["carol@example.com"]), "db:seed locks the account again")
	})
}

func TestTask_UserWhy_SuggestsSimilarEmails(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir, env := t.TempDir(), []string{database}
		seed(t, dir, env...)
		p := start(t, dir, env...)
		p.logIn(p.browser(), "bbo@example.com", "wrong")
		p.send(p.browser(), "/signup", map[string][]string{"email": {"bbo@example.com"}})
		p.send(p.browser(), "/password/forgot", map[string][]string{"email": {"bbo@example.com"}})
		require.Equal(t, []string{
			"bbo@example.com has no account.",
			"Was it mistyped? These have an account: bob@example.com.",
			"Failed attempts in a row with this email, by unknown browsers: 1.",
			"It is not rate limited. (But a client with ten failures in three minutes has to wait, with any email; so has one that requested MAILS_PER_CLIENT mails in an hour.)",
			"A link to sign up works until T.",
			"The last mails to this email:",
			"  T: “Set a new password” (mail_id U), queued",
			"  T: “Choose your password” (mail_id U), queued",
			"Nothing is delivered: there is no SMTP_URL. In development the mails are at http://localhost:3000/dev/mail.",
			"Its email_digest in the log is D.",
		}, whyLines(t, dir, env, "bbo@example.com"))

		require.Equal(t, []string{
			"nobody@example.net has no account.",
			"Sign-up is closed: create an account with `task user:create nobody@example.net`.",
			"No failed attempts in a row are counted for the email.",
			"It is not rate limited. (But a client with ten failures in three minutes has to wait, with any email; so has one that requested MAILS_PER_CLIENT mails in an hour.)",
			"No mailed link works.",
			"No mail to this email is on record; they are kept for 30 days.",
			"Its email_digest in the log is D.",
		}, whyLines(t, dir, append(env, "SIGNUP=closed"), "nobody@example.net"))
	})
}

func TestTask_UserWhy_SaysThatAPasswordIsMissing(t *testing.T) {
	dir := t.TempDir()
	invite(t, dir, "dora@example.com")
	lines := whyLines(t, dir, nil, "dora@example.com")
	require.Contains(t, lines[1], "It has no password, so no login succeeds")
	require.Contains(t, lines, "A link of `task user:create` to set a password works until T.")
}

func TestTask_UserWhy_ChangesNothing(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, "usage: task user:why EMAIL\n", refusal(t, dir, nil, "task", "user:why"))
	require.Equal(t, "usage: task user:why EMAIL\n", refusal(t, dir, nil, "task", "user:why", "ada@example.com", "bob@example.com"))
	require.Equal(t, "\"nobody\" is not an email address\n", refusal(t, dir, nil, "task", "user:why", "nobody"))
	require.Contains(t, refusal(t, dir, nil, "task", "user:why", "ada@example.com"), "there is no database file storage/development.sqlite: is this the right folder?")
	require.NoFileExists(t, filepath.Join(dir, "storage", "development.sqlite"))
}
