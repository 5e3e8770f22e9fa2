package actions

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// A refused attempt sends one statement, which uses an index. It needs neither a
// transaction nor a hash. Other attempts are counted and recorded in one transaction.
func TestLogin_CostOfARefusedAttempt(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bea@example.com")
	modelstest.SetTOTP(t, "bea@example.com")
	known, stranger, other := s.loggedIn("ada@example.com", firefox), s.browser(), s.browser()
	known.logOut()
	statements := func(b *browser, email string, want int) []string {
		return modelstest.Statements(func() {
			require.Equal(t, want, b.Post("/login", url.Values{"email": {email}, "password": {"wrong"}}).StatusCode)
		})
	}
	for range 5 {
		require.Len(t, statements(stranger, "ada@example.com", wrong), 7, "look-up, BEGIN, record, lock, count, account, end")
		require.Len(t, statements(known, "ada@example.com", wrong), 7, "as many as from an unknown browser")
	}
	require.Len(t, statements(stranger, "nobody@example.com", wrong), 7, "as many as with an account")
	require.Len(t, statements(stranger, "bea@example.com", wrong), 7, "with a second step, too")
	for range 3 { // then the client has failed ten times
		statements(stranger, "nobody@example.com", wrong)
	}
	require.NoError(t, models.DB.RawQuery("UPDATE users SET password_digest = 'none that can be compared'").Exec())
	for _, c := range []struct {
		b     *browser
		email string
	}{{stranger, "ada@example.com"}, {known, "ada@example.com"}, {other, "nobody@example.com"}, {stranger, "free@example.com"}} {
		sent := statements(c.b, c.email, refused)
		require.Len(t, sent, 1, c.email)
		require.Contains(t, sent[0], "FROM rate_limits WHERE id IN")
	}
}

// The statements are those that docs/login.md lists.
func TestLogin_SendsTheListedStatements(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	login := func(b *browser) []string {
		sent := modelstest.Statements(func() { require.Equal(t, "/", b.logIn("ada@example.com").Location()) })
		return slices.DeleteFunc(sent, func(statement string) bool { return statement == "BEGIN" })
	}
	require.Len(t, login(s.browser()), 10, "in the first hour after the password was set")
	models.Clock.Move(2 * time.Hour)

	listed := listedStatements(t)
	require.Len(t, listed, 13, "ten, and three for the mail")
	b := s.browser()
	sent := login(b)
	require.Len(t, sent, len(listed))
	for i, words := range listed {
		require.Regexp(t, `^\s*`+words[0]+" ", sent[i])
		for _, table := range words[1:] {
			require.Contains(t, sent[i], table)
		}
	}
	require.Len(t, modelstest.Statements(func() { require.Equal(t, 200, b.Get("/").StatusCode) }), 1)
	b.logOut()
	require.Len(t, login(b), 9, "a known browser")
}

// listedStatements returns the statements that docs/login.md lists, in order. Each is a
// list of words, a verb first.
func listedStatements(t *testing.T) (list [][]string) {
	t.Helper()
	document, err := os.ReadFile("../docs/login.md")
	require.NoError(t, err)
	for _, row := range regexp.MustCompile(`(?m)^([\d, ]+) \| ([A-Z].+?) \| .+$`).FindAllStringSubmatch(string(document), -1) {
		for range strings.Split(row[1], ",") {
			list = append(list, strings.FieldsFunc(row[2], func(r rune) bool { return r == ' ' || r == ',' || r == '…' }))
		}
	}
	return list
}
