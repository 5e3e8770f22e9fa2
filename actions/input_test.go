package actions

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// hostileTexts maps typed texts to a text that no page may contain.
var hostileTexts = map[string]string{
	`"><svg onload=alert(1)>@example.com`:        "<svg",
	`'><img src=x onerror=alert(1)>@example.com`: "<img src=x",
	`javascript:alert(1)@example.com`:            `href="javascript`,
	`<%= 7777*7 %>@example.com`:                  "54439",
	`{{7777*7}}${7777*7}#{7777*7}@ex ample`:      "54439",
	`**bold**@ex ample`:                          "<strong>bold",
	`%s%d%n@%v example.com`:                      "%!",
	`' OR 1=1--`:                                 "You were logged in",
	`ada@example.com' OR 'a'='a`:                 "You were logged in",
	`ada%2540example.com`:                        "ada@example.com",
	"ada@example.com\r\nBcc: eve@example.com":    "You were logged in",
	"ada@example.com\r\n\r\nSet-Cookie: a=b":     "You were logged in",
	"ada@example.com\x00":                        "\x00",
	"\xff\xfe@example.com":                       "\xff",
	"\u202emoc.elpmaxe@ada":                      "You were logged in",
	strings.Repeat("a", 15000) + "@example.com":  strings.Repeat("a", 300),
	strings.Repeat("é", 3000) + "@example.com":   strings.Repeat("é", 300),
	"../../etc/passwd":                           "root:",
	"ada@example.com,eve@example.com":            "You were logged in",
	"<eve@example.com> ada@example.com":          "<eve",
}

// Hostile input must be escaped or not shown. It must not cause a login, a mail or a server
// error.
func TestInput_IsTextOnly(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for text, trace := range hostileTexts {
		models.Clock.Move(time.Hour) // the client's rate limits end
		for _, path := range []string{"/login", "/signup", "/password/forgot"} {
			b := s.browser()
			a := b.Post(path, url.Values{"email": {text}, "password": {text}, "remember": {text}})
			require.Equal(t, 422, a.StatusCode, "%s %.60q", path, text)
			require.NotContains(t, a.Page, trace, "%s %.60q", path, text)
			require.Empty(t, a.Header.Get("Bcc"))
			require.LessOrEqual(t, len(a.Header.Get("Set-Cookie")), 4096)
			require.NotContains(t, a.Header.Get("Set-Cookie"), "a=b")
			require.Equal(t, 302, b.Get("/").StatusCode)
		}
		for _, path := range []string{"/signup/", "/password/reset/", "/not-me/"} {
			if token := url.PathEscape(text); len(token) < 8000 {
				a := s.browser().Get(path + token)
				require.Equal(t, 404, a.StatusCode, "%s %.60q", path, text)
				require.NotContains(t, a.Page, trace)
			}
		}
		require.Empty(t, modelstest.Mails(t, "eve@example.com"))
		mails, err := models.Outbox.Newest(t.Context(), models.DB)
		require.NoError(t, err)
		require.Empty(t, mails, "%.60q", text)
	}
}

func TestInput_UnknownFieldsChangeNothing(t *testing.T) {
	s := newSite(t)
	before := modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	more := url.Values{
		"id": {"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, "ID": {"x"}, "User.ID": {"x"}, "user_id": {"x"}, "PasswordDigest": {"x"}, "password_digest": {"x"},
		"created_at": {"2001-01-01T00:00:00Z"}, "CreatedAt": {"2001-01-01"}, "Email": {"eve@example.com"}, "admin": {"true"}, "Language": {"fr"},
	}
	form := url.Values{"password": {newPassword}}
	for name, values := range more {
		form[name] = values
	}
	require.Equal(t, 303, b.Put("/account/password", form).StatusCode)
	require.Equal(t, 422, s.browser().Post("/login", url.Values{"user[email]": {"ada@example.com"}, "user.password": {newPassword}}).StatusCode)

	after, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	require.Equal(t, before.ID, after.ID)
	require.Equal(t, before.CreatedAt.UTC(), after.CreatedAt.UTC())
	require.Equal(t, before.Language, after.Language)
	require.NotEqual(t, "x", after.PasswordDigest)
	_, err = models.FindUserByEmail(t.Context(), "eve@example.com")
	require.ErrorIs(t, err, models.ErrNotFound)
}

func TestInput_HostileFieldNamesCauseNoServerError(t *testing.T) {
	b := newSite(t).browser()
	for _, name := range []string{
		"", ".", "..", "[", "]", "[]", "[0]", "[", "email.", "email[", "email]", "email[0]", "email[-1]", "email[99999999999]", "email[x]", "email.x", "email.x.y",
		"remember[0]", "remember.x", "remember[x].y", "password[\x00]", "loginForm.Email", "\xff", strings.Repeat("email.", 1000), strings.Repeat("email[0]", 1000),
	} {
		a := b.Post("/login", url.Values{name: {"x"}})
		require.Contains(t, []int{400, 422}, a.StatusCode, "%.40q", name)
		models.Clock.Move(time.Hour) // the rate limits end
	}
}

func TestInput_FirstOfTwoFieldsCounts(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	b := s.browser()
	a := b.Post("/login?email=bob@example.com&password=x", url.Values{"email": {"ada@example.com", "bob@example.com"}, "password": {modelstest.Password, "x"}})
	require.Equal(t, 303, a.StatusCode)
	b.requireLoggedInAs("ada@example.com")

	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, field := range [][2]string{{"email", "ada@example.com"}, {"email", "bob@example.com"}, {"password", modelstest.Password}, {"password", "x"}} {
		require.NoError(t, w.WriteField(field[0], field[1]))
	}
	require.NoError(t, w.Close())
	b = s.browser()
	require.Equal(t, 303, b.SendBody("POST", "/login?email=bob@example.com&password=x", w.FormDataContentType(), body.String()).StatusCode)
	b.requireLoggedInAs("ada@example.com")
}

func TestInput_BodyIsDecodedOnce(t *testing.T) {
	a := newSite(t).browser().Post("/login", url.Values{"email": {"ada%40example.com"}})
	require.Contains(t, a.Page, `value="ada%40example.com"`)
}
