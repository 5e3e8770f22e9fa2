package actions

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/i18n"
	"corral/models"
	"corral/models/modelstest"
)

func TestErrors_RefusedFormInJSON(t *testing.T) {
	b := newSite(t).browser()
	models.Clock.Stop()
	b.Header.Set("Accept", "application/json")
	b.Header.Set("Accept-Language", anotherLanguage())
	text := T.In(anotherLanguage())
	form := url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}
	for range 4 {
		b.Post("/login", form)
	}
	for _, want := range []struct {
		status     int
		retryAfter string
		detail     string
	}{
		{422, "", text("login.invalid")},
		{429, "1", i18n.FormatWait(text, 1)},
	} {
		a := b.Post("/login", form)
		require.Equal(t, want.status, a.StatusCode)
		require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		require.Equal(t, want.retryAfter, a.Header.Get("Retry-After"))
		require.JSONEq(t, fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":%[3]q,"errors":{"email":[%[3]q],"password":[%[3]q]}}`,
			http.StatusText(want.status), want.status, want.detail), a.Page)
	}
}

func TestErrors_NameTheField(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	for path, want := range map[string]string{"/account/password": "password", "/account/email": "email", "/sudo": "password"} {
		b := s.loggedIn("ada@example.com", firefox)
		form := url.Values{"password": {"short"}, "email": {"ada"}}
		if path != "/sudo" {
			form.Set("_method", "PUT")
		}
		p := parsePage(t, b.Post(path, form).Page)
		p.requireError()
		var named []string
		for _, field := range p.with("aria-invalid") {
			named = append(named, field["name"])
		}
		require.Equal(t, []string{want}, named)

		b.Header.Set("Accept", "application/json")
		var problem struct{ Errors map[string][]string }
		require.NoError(t, json.Unmarshal([]byte(b.Post(path, form).Page), &problem))
		require.Equal(t, []string{want}, slices.Collect(maps.Keys(problem.Errors)))
	}
}
