package actions_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)

// signedIn is a browser in which a person has logged in.
func (s *site) signedIn(email, userAgent string, fields ...string) *browser {
	s.t.Helper()
	b := s.browser()
	b.header.Set("User-Agent", userAgent)
	require.Equal(s.t, 303, b.logIn(email, fields...).StatusCode)
	return b
}

// devices are the lines of the page, each as text without its markup.
func (b *browser) devices() []string {
	b.site.t.Helper()
	a := b.get("/account/sessions")
	require.Equal(b.site.t, 200, a.StatusCode)
	return deviceLines(a.page)
}

func deviceLines(page string) []string {
	var lines []string
	for _, part := range strings.Split(page, `<li class="list-group-item">`)[1:] {
		part, _, _ = strings.Cut(part, "</li>")
		lines = append(lines, part)
	}
	return lines
}

// endPath is where the form of a line is sent.
func endPath(t testing.TB, line string) string {
	t.Helper()
	_, rest, ok := strings.Cut(line, `<form action="`)
	require.True(t, ok)
	path, rest, _ := strings.Cut(rest, `" method="post"><input type="hidden" name="_method" value="DELETE">`)
	require.Contains(t, rest, "<button")
	return path
}

var endIt = url.Values{"_method": {"DELETE"}}

func (as *ActionSuite) Test_AccountSessions_Index() {
	as.signIn("ada@example.com")
	res := as.HTML("/account/sessions").Get()
	as.Equal(200, res.Code)
	page := res.Body.String()
	as.Contains(page, "<title>Devices · ")
	lines := deviceLines(page)
	as.Len(lines, 1)
	as.Contains(lines[0], `<span class="badge">This device</span>`)
	as.Contains(lines[0], "<strong>Unknown browser</strong>")
	as.NotContains(page, "Log out every other device", "there is none")
	as.Contains(as.HTML("/").Get().Body.String(), `href="/account/sessions"`)
}

func TestAccountSessions_Index_TwoDevices(t *testing.T) {
	s := newSite(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	phone := s.signedIn("ada@example.com", safari, "remember")
	models.Clock.Move(20 * time.Minute)
	desk := s.signedIn("ada@example.com", firefox)
	s.signedIn("bob@example.com", safari)

	lines := desk.devices()
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "<strong>Firefox on Linux</strong> <span class=\"badge\">This device</span>")
	require.Contains(t, lines[0], "<bdi>127.0.0.1</bdi> · Logged out when the browser is closed")
	require.Contains(t, lines[0], "Log out<")
	require.Contains(t, lines[1], "<strong>Safari on iPhone</strong></p>")
	require.Contains(t, lines[1], "<bdi>127.0.0.1</bdi> · Stays logged in")
	require.Contains(t, lines[1], `End session<span class="visually-hidden"> (Safari on iPhone)</span>`)

	sessions, err := models.SessionsOf(t.Context(), ada)
	require.NoError(t, err)
	for i, line := range lines {
		since, seen := sessions[i].CreatedAt.UTC(), sessions[i].LastSeenAt.UTC()
		require.Contains(t, line, "Logged in <time datetime=\""+since.Format(time.RFC3339)+"\">"+since.Format("Jan 2, 2006, 3:04 PM UTC")+"</time>")
		require.Contains(t, line, "Last seen <time datetime=\""+seen.Format(time.RFC3339)+"\">"+seen.Format("Jan 2, 2006, 3:04 PM UTC")+"</time>")
	}
	require.Contains(t, phone.devices()[0], "Safari on iPhone</strong> <span", "the newest seen first, and its own badge")
}

// What a browser says of itself is whatever its owner likes.
func TestAccountSessions_Index_HostileUserAgent(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for _, userAgent := range []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>/1`, "<%= 7*7 %>", strings.Repeat("A", 4000)} {
		lines := s.signedIn("ada@example.com", userAgent).devices()
		require.Contains(t, lines[0], "<strong>Unknown browser</strong>")
	}
}

// As of the very next request, on every node.
func TestAccountSessions_Destroy(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	phone, desk := s.signedIn("ada@example.com", safari, "remember"), s.signedIn("ada@example.com", firefox)
	other := restart(t).browser() // a second node
	other.setCookie("corral", phone.cookie())
	require.Equal(t, 200, other.get("/").StatusCode)

	a := desk.post(endPath(t, desk.devices()[1]), endIt)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/sessions", a.location())
	require.Equal(t, "/login", phone.get("/").location())
	require.Equal(t, "/login", other.get("/").location())
	require.Equal(t, "/login", phone.post("/account/sessions", endIt).location(), "and cannot end others either")

	page := desk.get("/account/sessions").page
	require.Equal(t, []string{"The session was ended."}, flashes(page))
	require.Len(t, deviceLines(page), 1)
}

func TestAccountSessions_Destroy_ThisDeviceIsLogout(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	desk, phone := s.signedIn("ada@example.com", firefox), s.signedIn("ada@example.com", safari)
	copied := s.browser()
	copied.setCookie("corral", desk.cookie())
	lines := desk.devices()
	require.Contains(t, lines[1], "This device")

	a := desk.post(endPath(t, lines[1]), endIt)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/welcome", a.location())
	require.NotEmpty(t, a.Header.Get("Clear-Site-Data"))
	require.Equal(t, []string{"You were logged out."}, flashes(desk.get("/welcome").page))
	require.Empty(t, desk.cookie())
	require.Equal(t, "/login", copied.get("/").location())
	require.Equal(t, 200, phone.get("/").StatusCode)
}

func TestAccountSessions_Destroy_NotOnesOwn(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	ada, bob := s.signedIn("ada@example.com", firefox), s.signedIn("bob@example.com", safari)
	var pages []string
	for _, path := range []string{
		endPath(t, bob.devices()[0]),
		"/account/sessions/" + uuid.Must(uuid.NewV4()).String(),
		"/account/sessions/1", "/account/sessions/%27%20OR%201=1--", "/account/sessions/9223372036854775808", "/account/sessions/%00",
	} {
		a := ada.post(path, endIt)
		require.Equal(t, 404, a.StatusCode, path)
		require.Contains(t, a.page, "There is no such page")
		pages = append(pages, a.page)
	}
	require.Equal(t, pages[1], pages[0], "nothing tells that there is such a session")
	require.Len(t, bob.devices(), 1)
	require.Len(t, ada.devices(), 1)
}

func TestAccountSessions_DestroyOthers(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	one, two, desk := s.signedIn("ada@example.com", safari), s.signedIn("ada@example.com", firefox, "remember"), s.signedIn("ada@example.com", firefox)
	bob := s.signedIn("bob@example.com", safari)
	require.Contains(t, desk.get("/account/sessions").page, "Log out every other device")

	a := desk.post("/account/sessions", endIt)
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/account/sessions", a.location())
	page := desk.get("/account/sessions").page
	require.Equal(t, []string{"Every other device was logged out."}, flashes(page))
	require.Len(t, deviceLines(page), 1)
	for _, b := range []*browser{one, two} {
		require.Equal(t, "/login", b.get("/").location())
	}
	require.Equal(t, 200, bob.get("/").StatusCode)
}

func TestAccountSessions_SignedInOnly(t *testing.T) {
	b := newSite(t).browser()
	require.Equal(t, "/login", b.get("/account/sessions").location())
	for _, path := range []string{"/account/sessions", "/account/sessions/6ba7b810-9dad-11d1-80b4-00c04fd430c8"} {
		a := b.post(path, endIt)
		require.Equal(t, 303, a.StatusCode)
		require.Equal(t, "/login", a.location())
	}
}
