package actions

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
)

// secondStep sends the form of /login/second; fields are checkboxes to check.
func (b *browser) secondStep(code string, fields ...string) apptest.Response {
	b.site.t.Helper()
	form := url.Values{"code": {code}}
	for _, name := range fields {
		form.Set(name, "true")
	}
	return b.Post("/login/second", form)
}

// secondStepDigest returns the digest that binds the form of /login/second to its login.
func (b *browser) secondStepDigest() string {
	b.site.t.Helper()
	_, rest, found := strings.Cut(b.Get("/login/second").Page, `name="link" value="`)
	require.True(b.site.t, found)
	digest, _, _ := strings.Cut(rest, `"`)
	require.Len(b.site.t, digest, 43)
	return digest
}

func (b *browser) requireLoggedIn(email string) {
	b.site.t.Helper()
	require.Contains(b.site.t, b.Get("/account").Page, email)
}

func (b *browser) requireLoggedOut() {
	b.site.t.Helper()
	require.Equal(b.site.t, "/login", b.Get("/account").LocationPath())
}

func TestLoginSecond_BeforeThePassword(t *testing.T) {
	requireRedirectToLogin(t, newSite(t).browser().Get("/login/second"))
}

func requireRedirectToLogin(t testing.TB, a apptest.Response) {
	t.Helper()
	require.Equal(t, 303, a.StatusCode)
	require.Equal(t, "/login", a.Location())
	require.Empty(t, a.Cookies())
}

// kindsOf returns the kinds of an account's activity, newest first.
func kindsOf(t testing.TB, email string) (kinds []string) {
	t.Helper()
	user, err := models.FindUserByEmail(t.Context(), email)
	require.NoError(t, err)
	list, err := models.ActivityOf(t.Context(), user, uuid.Nil, 100)
	require.NoError(t, err)
	for _, a := range list {
		kinds = append(kinds, a.Kind)
	}
	return kinds
}

func count(t testing.TB, table string) int {
	t.Helper()
	n, err := models.DB.Count(table)
	require.NoError(t, err)
	return n
}
