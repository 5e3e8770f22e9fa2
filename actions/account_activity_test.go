package actions_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// activity is what the lines of the page say happened.
func (b *browser) activity(path string) []string {
	b.site.t.Helper()
	a := b.get(path)
	require.Equal(b.site.t, 200, a.StatusCode)
	return activityLines(a.page)
}

func activityLines(page string) []string {
	var list []string
	for _, line := range deviceLines(page) {
		_, text, _ := strings.Cut(line, "<strong")
		_, text, _ = strings.Cut(text, ">")
		text, _, _ = strings.Cut(text, "</strong>")
		list = append(list, text)
	}
	return list
}

// Everything that may happen to an account, each in words.
func TestAccountActivity_TheWholeStory(t *testing.T) {
	s := newSite(t)
	const email, fresh = "ada@example.com", "an entirely new set of words"
	tick := func() { models.Clock.Move(time.Second) }
	require.NoError(t, models.RequestSignup(t.Context(), email, "", models.Origin{}))
	desk := s.browser()
	desk.header.Set("User-Agent", firefox)
	desk.get("/signup/" + modelstest.Link(t, email, models.MailSignup))
	require.Equal(t, "/", desk.post("/signup/password", url.Values{"password": {modelstest.Password}}).location())
	tick()
	phone := s.signedIn(email, safari)
	tick()
	desk.post("/account/sessions", endIt)
	tick()
	phone.post("/login", url.Values{"email": {email}, "password": {"wrong"}})
	tick()
	phone.logIn(email)
	tick()
	desk.post(endPath(t, desk.devices()[0]), endIt)
	tick()
	desk.put("/account/password", url.Values{"current_password": {"wrong"}, "password": {fresh}})
	tick()
	require.Equal(t, "/account", desk.put("/account/password", url.Values{"current_password": {modelstest.Password}, "password": {fresh}}).location())
	tick()
	desk.put("/account/email", url.Values{"current_password": {fresh}, "email": {"ada@example.org"}})
	tick()
	desk.post("/account/email/confirm/"+modelstest.Link(t, "ada@example.org", models.MailEmailConfirm), url.Values{})
	tick()
	user, err := models.FindUserByEmail(t.Context(), "ada@example.org")
	require.NoError(t, err)
	_, err = models.EndSessionsOf(t.Context(), user)
	require.NoError(t, err)
	tick()
	desk.post("/account/email/undo/"+modelstest.Link(t, email, models.MailEmailChanged), url.Values{})
	tick()
	desk.get("/password/reset/" + modelstest.Link(t, email, models.MailReset))
	require.Equal(t, "/login", desk.put("/password/reset", url.Values{"password": {modelstest.Password}}).location())
	tick()
	require.Equal(t, "/", desk.logIn(email).location())
	tick()
	desk.logOut()
	tick()
	require.Equal(t, "/", desk.logIn(email).location())

	require.Equal(t, []string{
		"Logged in", "Logged out", "Logged in with a new device",
		"Password set with an emailed link", "Email change undone",
		"Every device was logged out by the people who run this site",
		"Email changed", "Email change requested", "Password changed", "Wrong current password",
		"Another device was logged out", "Logged in", "Failed attempt to log in",
		"Every other device was logged out", "Logged in with a new device", "Account created",
	}, desk.activity("/account/activity"))
}

func TestAccountActivity_Line(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.header.Set("User-Agent", firefox)
	b.post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}})
	now := models.Clock.Now()
	models.Clock.Move(time.Hour)
	b.logIn("ada@example.com")
	a := b.get("/account/activity")
	require.Contains(t, a.page, "<title>Activity · ")
	require.Contains(t, b.get("/").page, `href="/account/activity"`)
	line := deviceLines(a.page)[1]
	require.Contains(t, line, `<strong class="text-danger">Failed attempt to log in</strong>`)
	require.Contains(t, line, `<time datetime="`+now.Format(time.RFC3339)+`">`)
	require.Contains(t, line, "<span>Firefox on Linux</span> <bdi>127.0.0.1</bdi>")
	require.NotContains(t, a.page, "Older")
}

// What a stranger sends with a failed try is shown to the owner.
func TestAccountActivity_HostileUserAgent(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	stranger := s.browser()
	for _, userAgent := range []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>/1`, "<%= 7*7 %>"} {
		stranger.header.Set("User-Agent", userAgent)
		stranger.post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}})
	}
	ada := s.signedIn("ada@example.com", firefox)
	for _, line := range deviceLines(ada.get("/account/activity").page)[1:] {
		require.Contains(t, line, "<span>Unknown browser</span> <bdi>127.0.0.1</bdi>")
	}
}

func TestAccountActivity_Pages(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	desk := s.signedIn("ada@example.com", firefox)
	for range 59 {
		_, err := models.EndSessionsOf(t.Context(), ada)
		require.NoError(t, err)
	}
	desk.logIn("ada@example.com")
	var pages [][]string
	for path := "/account/activity"; path != ""; {
		a := desk.get(path)
		pages = append(pages, activityLines(a.page))
		_, rest, more := strings.Cut(a.page, `href="/account/activity?before=`)
		key, _, _ := strings.Cut(rest, `"`)
		path = "/account/activity?before=" + key
		if !more {
			break
		}
	}
	require.Len(t, pages, 3)
	require.Len(t, pages[0], 25)
	require.Len(t, pages[1], 25)
	require.Len(t, pages[2], 11)
	require.Equal(t, "Logged in", pages[0][0])
	require.Equal(t, "Logged in with a new device", pages[2][10])
}

// An address that was tampered with shows the newest, and nothing of anybody else.
func TestAccountActivity_StrangeKeys(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	ada := s.signedIn("ada@example.com", firefox)
	id := uuid.Must(uuid.NewV4()).String()
	for _, key := range []string{"", "x", "_", "1", id, "_" + id, "x_" + id, "1_x", "-1_" + id, "9223372036854775807_" + id,
		"99999999999999999999_" + id, "' OR 1=1--", "\x00", "\xff", "1_" + id + "0"} {
		require.Len(t, ada.activity("/account/activity?before="+url.QueryEscape(key)), 1, "%q", key)
	}
	require.Empty(t, ada.activity("/account/activity?before=0_"+id))
	require.Len(t, ada.activity("/account/activity?before=253000000000000000_"+id), 1)
}

func TestAccountActivity_SignedInOnly(t *testing.T) {
	a := newSite(t).browser().get("/account/activity")
	require.Equal(t, http.StatusFound, a.StatusCode)
	require.Equal(t, "/login", a.location())
}
