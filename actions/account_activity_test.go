package actions

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

func (b *browser) activity(path string) []string {
	b.site.t.Helper()
	a := b.Get(path)
	require.Equal(b.site.t, 200, a.StatusCode)
	return activityLines(a.Page)
}

func activityLines(page string) []string {
	var list []string
	for _, line := range listItems(page) {
		_, text, _ := strings.Cut(line, "<strong")
		_, text, _ = strings.Cut(text, ">")
		text, _, _ = strings.Cut(text, "</strong>")
		list = append(list, text)
	}
	return list
}

// A user without a password must find out how to log out an attacker's device.
func TestAccountActivity_AdviceNeedsNoPassword(t *testing.T) {
	page := logInAs(newSite(t), "ada@example.com").Get("/account/activity").Page
	require.Contains(t, page, "log out every other device on the Devices page, and change your password, if you have one.")
}

func TestAccountActivity_NewestFirst(t *testing.T) {
	s := newSite(t)
	const email, fresh = "ada@example.com", "an entirely new set of words"
	require.NoError(t, models.RequestLink(t.Context(), models.PurposeSignup, email, "", models.Client{}))
	desk := s.browser()
	desk.Header.Set("User-Agent", firefox)
	desk.Get("/signup/" + modelstest.Link(t, email, models.MailSignup))
	require.Equal(t, "/", desk.choosePassword(modelstest.Password).Location())
	phone := s.loggedIn(email, safari)
	user, err := models.FindUserByEmail(t.Context(), email)
	require.NoError(t, err)
	sessions, err := models.SessionsOf(t.Context(), user)
	require.NoError(t, err)
	require.NoError(t, sessions[1].EndOtherSessions(t.Context(), models.Client{}), "ends all but the desk's session")
	phone.Post("/login", url.Values{"email": {email}, "password": {"wrong"}})
	phone.logIn(email)
	sessions, err = models.SessionsOf(t.Context(), user)
	require.NoError(t, err)
	require.NoError(t, models.EndSessionByID(t.Context(), user, sessions[0].ID.String(), models.Client{}))
	desk.confirm("wrong")
	require.Equal(t, "/account", desk.Put("/account/password", url.Values{"password": {fresh}}).Location())
	desk.Put("/account/email", url.Values{"email": {"ada@example.org"}})
	desk.Post("/account/email/confirm/"+modelstest.Link(t, "ada@example.org", models.MailEmailConfirm), url.Values{})
	user, err = models.FindUserByEmail(t.Context(), "ada@example.org")
	require.NoError(t, err)
	_, err = models.EndSessionsOf(t.Context(), user)
	require.NoError(t, err)
	desk.Post("/not-me/"+modelstest.Link(t, email, models.MailEmailChanged), url.Values{})
	desk.Get("/password/reset/" + modelstest.Link(t, email, models.MailReset))
	require.Equal(t, "/login", desk.Put("/password/reset", url.Values{"password": {modelstest.Password}}).Location())
	require.Equal(t, "/", desk.logIn(email).Location())
	require.NoError(t, models.DB.RawQuery("UPDATE sessions SET failed_confirmations = 9").Exec()) // the next failure is the tenth
	require.Equal(t, "/login", desk.confirm("wrong").Location())
	require.Equal(t, "/", desk.logIn(email).Location())
	desk.logOut()
	require.Equal(t, "/", desk.logIn(email).Location())

	require.Equal(t, []string{
		"Logged in", "Logged out", "Logged in", "Logged out after 10 failed confirmations", "Wrong current password", "Logged in",
		"Password set with an emailed link", "Change undone",
		"Every device was logged out by the people who run this site",
		"Email changed", "Email change requested", "Password changed", "Wrong current password",
		"Another device was logged out", "Logged in", "Failed attempt to log in",
		"Every other device was logged out", "Logged in from a new browser", "Account created",
	}, desk.activity("/account/activity"))
}

// A node of a newer release, or code that a developer adds, may write a kind that this
// release does not know.
func TestAccountActivity_UnknownKind(t *testing.T) {
	b := logInAs(newSite(t), "ada@example.com")
	require.NoError(t, models.DB.RawQuery("UPDATE activities SET kind = 'photo_added'").Exec())
	require.Equal(t, []string{"Something else: photo_added"}, b.activity("/account/activity"))
}

func TestAccountActivity_ShowsWhenAndWhere(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.Header.Set("User-Agent", firefox)
	b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}})
	now := models.Clock.Now()
	models.Clock.Move(time.Hour)
	b.logIn("ada@example.com")
	a := b.Get("/account/activity")
	require.Contains(t, a.Page, "<title>Activity · ")
	require.Contains(t, b.Get("/").Page, `href="/account/activity"`)
	line := listItems(a.Page)[1]
	require.Contains(t, line, `<strong class="text-danger">Failed attempt to log in</strong>`)
	require.Contains(t, line, `<time datetime="`+now.Format(time.RFC3339)+`">`)
	require.Contains(t, line, "<span>Firefox on Linux</span> <bdi>127.0.0.1</bdi>")
	require.NotContains(t, a.Page, "Older")
}

func TestAccountActivity_EscapesTheUserAgent(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	attacker := s.browser()
	for _, userAgent := range []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>/1`, "<%= 7*7 %>"} {
		attacker.Header.Set("User-Agent", userAgent)
		attacker.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}})
	}
	ada := s.loggedIn("ada@example.com", firefox)
	for _, line := range listItems(ada.Get("/account/activity").Page)[1:] {
		require.Contains(t, line, "<span>Unknown browser</span> <bdi>127.0.0.1</bdi>")
	}
}

func TestAccountActivity_Pages(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	desk := s.loggedIn("ada@example.com", firefox)
	for range 57 {
		_, err := models.EndSessionsOf(t.Context(), ada) // voids the device cookie, too
		require.NoError(t, err)
	}
	desk.logIn("ada@example.com")
	desk.logOut()
	desk.logIn("ada@example.com")
	var pages [][]string
	for path := "/account/activity"; path != ""; {
		a := desk.Get(path)
		pages = append(pages, activityLines(a.Page))
		_, rest, more := strings.Cut(a.Page, `href="/account/activity?before=`)
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
	require.Equal(t, "Logged in from a new browser", pages[2][10])
}

func TestAccountActivity_BeforeShowsOwnEntriesOnly(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	ada := s.loggedIn("ada@example.com", firefox)
	s.loggedIn("bob@example.com", firefox)
	const oldest = "00000000-0000-7000-8000-000000000000"
	id := uuid.Must(uuid.NewV7()).String()
	for _, before := range []string{"", "x", uuid.Nil.String(), "' OR 1=1--", "\x00", "\xff", oldest + "0"} {
		require.Len(t, ada.activity("/account/activity?before="+url.QueryEscape(before)), 1, "%q", before)
	}
	require.Empty(t, ada.activity("/account/activity?before="+oldest))
	require.Len(t, ada.activity("/account/activity?before="+id), 1)
	require.Len(t, ada.activity("/account/activity?before=ffffffff-ffff-7fff-bfff-ffffffffffff"), 1)
}

func TestAccountActivity_LoggedInOnly(t *testing.T) {
	a := newSite(t).browser().Get("/account/activity")
	require.Equal(t, http.StatusFound, a.StatusCode)
	require.Equal(t, "/login", a.LocationPath())
}
