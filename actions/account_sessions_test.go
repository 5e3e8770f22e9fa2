package actions

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func (b *browser) sessions() []string {
	b.site.t.Helper()
	a := b.Get("/account/sessions")
	require.Equal(b.site.t, 200, a.StatusCode)
	return listItems(a.Page)
}

func endPath(t testing.TB, item string) string {
	t.Helper()
	_, rest, ok := strings.Cut(item, `<form action="`)
	require.True(t, ok)
	path, rest, _ := strings.Cut(rest, `" method="post"><input type="hidden" name="_method" value="DELETE">`)
	require.Contains(t, rest, "<button")
	return path
}

func (as *ActionSuite) Test_AccountSessions_Index() {
	as.logInAs("ada@example.com")
	res := as.HTML("/account/sessions").Get()
	as.Equal(200, res.Code)
	page := res.Body.String()
	as.Contains(page, "<title>Devices · ")
	as.Contains(page, "change your password, if you have one, on the Security page")
	lines := listItems(page)
	as.Len(lines, 1)
	as.Contains(lines[0], `<span class="badge">This device</span>`)
	as.Contains(lines[0], "<strong>Unknown browser</strong>")
	as.NotContains(page, "Log out every other device", "there is no other")
	as.Contains(as.HTML("/").Get().Body.String(), `href="/account/sessions"`)
}

func TestAccountSessions_Index_TwoSessions(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	phone := s.loggedIn("ada@example.com", safari, "remember")
	models.Clock.Move(20 * time.Minute) // the sessions have different times
	desk := s.loggedIn("ada@example.com", firefox)
	s.loggedIn("bob@example.com", safari)

	lines := desk.sessions()
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "<strong>Firefox on Linux</strong> <span class=\"badge\">This device</span>")
	require.Contains(t, lines[0], "Logged out when not used for a while")
	require.Contains(t, lines[0], "<bdi>127.0.0.1</bdi></span> <span>Last seen")
	require.Contains(t, lines[0], "Log out<")
	require.Contains(t, lines[1], "<strong>Safari on iPhone</strong></p>")
	require.Contains(t, lines[1], "Stays logged in</p>")
	require.Contains(t, lines[1], `End session<span class="visually-hidden"> (Safari on iPhone)</span>`)

	sessions, err := models.SessionsOf(t.Context(), ada)
	require.NoError(t, err)
	for i, line := range lines {
		since, seen := sessions[i].CreatedAt.UTC(), sessions[i].LastSeenAt.UTC()
		require.Contains(t, line, "Logged in <time datetime=\""+since.Format(time.RFC3339)+"\">"+since.Format("Jan 2, 2006, 3:04 PM UTC")+"</time>")
		require.Contains(t, line, "Last seen <time datetime=\""+seen.Format(time.RFC3339)+"\">"+seen.Format("Jan 2, 2006, 3:04 PM UTC")+"</time>")
	}
	require.Contains(t, phone.sessions()[0], "Safari on iPhone</strong> <span", "the session last seen comes first, with a badge")
}

func TestAccountSessions_Index_ShowsWhereAStolenSessionIsUsed(t *testing.T) {
	s := newSite(t, trustLoopback)
	modelstest.SignUp(t, "ada@example.com")
	phone, desk, attacker := s.with("X-Forwarded-For", "192.0.2.1"), s.with("X-Forwarded-For", "192.0.2.2"), s.with("X-Forwarded-For", "198.51.100.7")
	phone.logIn("ada@example.com")
	attacker.SetCookie(sessionCookieName, phone.sessionCookie())
	require.Equal(t, 200, attacker.Get("/account").StatusCode)
	desk.logIn("ada@example.com")
	models.Clock.Move(time.Second) // the desk is seen last
	lines := desk.sessions()
	require.Contains(t, lines[1], "<bdi>192.0.2.1</bdi></span> <span>Last seen")
	require.Regexp(t, `Last seen <time [^>]*>[^<]*</time>\s+· <bdi>198\.51\.100\.7</bdi>`, lines[1])
	require.NotContains(t, lines[0], "198.51.100.7")
}

func TestAccountSessions_Index_EscapesTheUserAgent(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, userAgent := range []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>/1`, "<%= 7*7 %>", strings.Repeat("A", 4000)} {
		lines := s.loggedIn("ada@example.com", userAgent).sessions()
		require.Contains(t, lines[0], "<strong>Unknown browser</strong>")
	}
}

func TestAccountSessions_Destroy_EndsTheSessionOnEveryNode(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	phone, desk := s.loggedIn("ada@example.com", safari, "remember"), s.loggedIn("ada@example.com", firefox)
	other := restart(t).browser() // a second node
	other.SetCookie(sessionCookieName, phone.sessionCookie())
	require.Equal(t, 200, other.Get("/").StatusCode)

	models.Clock.Move(20 * time.Minute) // the confirmation expires: ending a session needs none
	a := desk.Delete(endPath(t, desk.sessions()[1]), nil)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/sessions", a.Location())
	require.Equal(t, "/login", phone.Get("/").LocationPath())
	require.Equal(t, "/login", other.Get("/").LocationPath())
	require.Equal(t, "/login", phone.Delete("/account/sessions", nil).Location(), "an ended session cannot end others")

	page := desk.Get("/account/sessions").Page
	require.Equal(t, []string{"The session was ended."}, apptest.Flashes(page))
	require.Len(t, listItems(page), 1)
}

func TestAccountSessions_Destroy_CurrentIsLogout(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	desk, phone := s.loggedIn("ada@example.com", firefox), s.loggedIn("ada@example.com", safari)
	copied := s.browser()
	copied.SetCookie(sessionCookieName, desk.sessionCookie())
	lines := desk.sessions()
	require.Contains(t, lines[1], "This device")

	a := desk.Delete(endPath(t, lines[1]), nil)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/welcome", a.Location())
	require.NotEmpty(t, a.Header.Get("Clear-Site-Data"))
	require.Equal(t, []string{"You were logged out."}, apptest.Flashes(desk.Get("/welcome").Page))
	require.Empty(t, desk.sessionCookie())
	require.Equal(t, "/login", copied.Get("/").LocationPath())
	require.Equal(t, 200, phone.Get("/").StatusCode)
}

func TestAccountSessions_Destroy_AnothersIsNotFound(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	ada, bob := s.loggedIn("ada@example.com", firefox), s.loggedIn("bob@example.com", safari)
	var pages []string
	for _, path := range []string{
		endPath(t, bob.sessions()[0]),
		"/account/sessions/" + uuid.Must(uuid.NewV4()).String(),
		endPath(t, ada.sessions()[0]) + "0", "/account/sessions/1", "/account/sessions/%27%20OR%201=1--", "/account/sessions/9223372036854775808", "/account/sessions/%00",
	} {
		a := ada.Delete(path, nil)
		require.Equal(t, 404, a.StatusCode, path)
		require.Contains(t, a.Page, "There is no such page")
		pages = append(pages, strings.ReplaceAll(a.Page, a.Header.Get("X-Request-Id"), ""))
	}
	require.Equal(t, pages[1], pages[0], "the same page as for an unknown id")
	require.Len(t, bob.sessions(), 1)
	require.Len(t, ada.sessions(), 1)
}

func TestAccountSessions_DestroyOthers(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	one, two, desk := s.loggedIn("ada@example.com", safari), s.loggedIn("ada@example.com", firefox, "remember"), s.loggedIn("ada@example.com", firefox)
	bob := s.loggedIn("bob@example.com", safari)
	require.Contains(t, desk.Get("/account/sessions").Page, "Log out every other device")

	a := desk.Delete("/account/sessions", nil)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/sessions", a.Location())
	page := desk.Get("/account/sessions").Page
	require.Equal(t, []string{"Every other device was logged out."}, apptest.Flashes(page))
	require.Len(t, listItems(page), 1)
	for _, b := range []*browser{one, two} {
		require.Equal(t, "/login", b.Get("/").LocationPath())
	}
	require.Equal(t, 200, bob.Get("/").StatusCode)
}

func TestAccountSessions_Destroy_SessionEndedMeanwhile(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	for _, path := range []string{"/account/sessions", "/account/sessions/" + uuid.Must(uuid.NewV7()).String()} {
		b := s.loggedIn("ada@example.com", firefox)
		endSessionsAt(t, path, ada)
		a := b.Post(path, url.Values{"_method": {"DELETE"}})
		require.Equal(t, 303, a.StatusCode, path)
		require.Equal(t, "/login", a.LocationPath(), path)
	}
}

func TestAccountSessions_LoggedInOnly(t *testing.T) {
	b := newSite(t).browser()
	require.Equal(t, "/login", b.Get("/account/sessions").LocationPath())
	for _, path := range []string{"/account/sessions", "/account/sessions/6ba7b810-9dad-11d1-80b4-00c04fd430c8"} {
		a := b.Delete(path, nil)
		require.Equal(t, 303, a.StatusCode)
		require.Equal(t, "/login", a.Location())
	}
}

var sessionEvents = map[string]func(s *site){
	"foreign id refused": func(s *site) {
		modelstest.SignUp(s.t, "bob@example.com")
		bobs := endPath(s.t, s.loggedIn("bob@example.com", safari).sessions()[0])
		s.loggedIn("ada@example.com", firefox).Delete(bobs, nil)
	},
	"session ended": func(s *site) {
		s.loggedIn("ada@example.com", safari)
		ada := s.loggedIn("ada@example.com", firefox)
		for _, item := range ada.sessions() {
			if !strings.Contains(item, "This device") {
				ada.Delete(endPath(s.t, item), nil)
			}
		}
	},
	"other sessions ended": func(s *site) { s.loggedIn("ada@example.com", firefox).Delete("/account/sessions", nil) },
}

func TestAccountSessions_Events(t *testing.T) { requireEvents(t, sessionEvents) }

func TestAccountSessions_LanguageLeadsBackToTheIndex(t *testing.T) {
	s := newSite(t)
	b := s.with("Referer", s.URL+"/account/sessions/x")
	require.Equal(t, "/account/sessions", b.Post("/language", chosen("en-US")).Location())
}

// The page lists the newest hundred sessions. Its button ends all sessions but the current.
func TestAccountSessions_Index_TooMany(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	for range models.MaxSessions - 1 {
		_, err := models.StartSession(t.Context(), ada, models.Client{}, models.Session{})
		require.NoError(t, err)
	}
	models.Clock.Move(time.Second)
	desk := s.loggedIn("ada@example.com", firefox)
	const more = "These are the 100 sessions that were used last."
	require.Len(t, desk.sessions(), models.MaxSessions)
	require.NotContains(t, desk.Get("/account/sessions").Page, more)

	models.Clock.Move(time.Second)
	_, err := models.StartSession(t.Context(), ada, models.Client{}, models.Session{})
	require.NoError(t, err)
	lines := desk.sessions()
	require.Len(t, lines, models.MaxSessions)
	require.Contains(t, strings.Join(lines, ""), "This device")
	require.Contains(t, desk.Get("/account/sessions").Page, more)
	require.Equal(t, 303, desk.Delete("/account/sessions", nil).StatusCode)
	require.Len(t, desk.sessions(), 1)
	n, err := models.DB.Count("sessions")
	require.NoError(t, err)
	require.Equal(t, 1, n, "sessions that the page did not list have ended, too")
}
