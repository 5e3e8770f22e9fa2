package actions_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// hostileTexts are what no form means, with what must not come back of each.
var hostileTexts = map[string]string{
	`"><svg onload=alert(1)>@example.com`:        "<svg",
	`'><img src=x onerror=alert(1)>@example.com`: "<img src=x",
	`javascript:alert(1)@example.com`:            `href="javascript`,
	`<%= 7777*7 %>@example.com`:                  "54439",
	`{{7777*7}}${7777*7}#{7777*7}@ex ample`:      "54439",
	`**bold**@ex ample`:                          "<strong>bold",
	`%s%d%n@%v example.com`:                      "%!",
	`homePath()`:                                 "Path: ",
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

// Whatever is typed is a text: it is shown as one or not at all, runs nowhere,
// signs nobody in, writes to nobody, and is never our fault.
func TestInput_IsATextAndNothingElse(t *testing.T) {
	s := newSite(t)
	for text, trace := range hostileTexts {
		modelstest.Empty(t)
		modelstest.SignUp(t, "ada@example.com")
		for _, path := range []string{"/login", "/signup", "/password/forgot"} {
			b := s.browser()
			a := b.post(path, url.Values{"email": {text}, "password": {text}, "remember": {text}})
			require.Equal(t, 422, a.StatusCode, "%s %.60q", path, text)
			require.NotContains(t, a.page, trace, "%s %.60q", path, text)
			require.Empty(t, a.Header.Get("Bcc"))
			require.LessOrEqual(t, len(a.Header.Get("Set-Cookie")), 4096)
			require.NotContains(t, a.Header.Get("Set-Cookie"), "a=b")
			require.Equal(t, 302, b.get("/").StatusCode)
		}
		for _, path := range []string{"/signup/", "/password/reset/", "/account/email/undo/"} {
			if token := url.PathEscape(text); len(token) < 8000 {
				a := s.browser().get(path + token)
				require.Equal(t, 404, a.StatusCode, "%s %.60q", path, text)
				require.NotContains(t, a.page, trace)
			}
		}
		require.Empty(t, modelstest.Mails(t, "eve@example.com"))
		mails, err := models.NewestMails(t.Context())
		require.NoError(t, err)
		require.Empty(t, mails, "%.60q", text)
	}
}

// A form is what its page says: more fields change nothing.
func TestInput_FieldsThatNoFormHas(t *testing.T) {
	s := newSite(t)
	before := modelstest.SignUp(t, "ada@example.com")
	b := s.signedIn("ada@example.com", firefox)
	more := url.Values{
		"id": {"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, "ID": {"x"}, "User.ID": {"x"}, "user_id": {"x"}, "PasswordDigest": {"x"}, "password_digest": {"x"},
		"created_at": {"2001-01-01T00:00:00Z"}, "CreatedAt": {"2001-01-01"}, "Email": {"eve@example.com"}, "admin": {"true"}, "Language": {"fr"},
	}
	form := confirmed("PUT")
	form.Set("password", "an entirely new set of words")
	for name, values := range more {
		form[name] = values
	}
	require.Equal(t, 303, b.post("/account/password", form).StatusCode)
	require.Equal(t, 422, s.browser().post("/login", url.Values{"Email": {"ada@example.com"}, "Password": {"an entirely new set of words"}}).StatusCode)

	after, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	require.Equal(t, before.ID, after.ID)
	require.Equal(t, before.CreatedAt, after.CreatedAt.UTC())
	require.Equal(t, before.Language, after.Language)
	require.NotEqual(t, "x", after.PasswordDigest)
	_, err = models.FindUserByEmail(t.Context(), "eve@example.com")
	require.ErrorIs(t, err, models.ErrNotFound)
}

// Of two fields with one name the first counts, whatever the query says.
func TestInput_FirstOfTwo(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	b := s.browser()
	a := b.post("/login?email=bob@example.com&password=x", url.Values{"email": {"ada@example.com", "bob@example.com"}, "password": {modelstest.Password, "x"}})
	require.Equal(t, 303, a.StatusCode)
	require.Contains(t, b.get("/").page, "ada@example.com")
}

// What is sent is decoded once: a second escape is text.
func TestInput_DecodedOnce(t *testing.T) {
	a := newSite(t).browser().post("/login", url.Values{"email": {"ada%40example.com"}})
	require.Contains(t, a.page, `value="ada%40example.com"`)
}
