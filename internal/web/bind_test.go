package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

// The text of the error goes to clients.
func TestBind_ErrorNamesNoGoType(t *testing.T) {
	app := buffalo.New(buffalo.Options{Env: "test"})
	app.POST("/", func(c buffalo.Context) error {
		var form struct {
			Email string `form:"email"`
		}
		err := Bind(c, &form)
		var httpError buffalo.HTTPError
		require.ErrorAs(t, err, &httpError)
		require.Equal(t, http.StatusBadRequest, httpError.Status)
		require.EqualError(t, httpError, "the body cannot be read, or a field has the wrong type")
		require.Error(t, errors.Unwrap(httpError.Cause), "the log has the cause")
		return nil
	})
	for contentType, body := range map[string]string{"application/json": `{"email":5}`, "foo/bar": "x", "application/xml": "<"} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		app.ServeHTTP(httptest.NewRecorder(), r)
	}
}

type embedded struct{ Title string }

type decoded struct{ Text string }

func (d *decoded) UnmarshalJSON(data []byte) error {
	d.Text = string(data)
	return nil
}

func TestBind_FormTagsAreNamesInJSONToo(t *testing.T) {
	type fields struct {
		DisplayName string   `form:"display_name"`
		Locked      Checkbox `form:"is_locked" json:"locked"`
		Untagged    string
		hidden      string
	}
	read := func(form any, body string) {
		t.Helper()
		app := buffalo.New(buffalo.Options{Env: "test"})
		app.POST("/", func(c buffalo.Context) error { return Bind(c, form) })
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		res := httptest.NewRecorder()
		app.ServeHTTP(res, r)
		require.Equal(t, http.StatusOK, res.Code, res.Body)
	}
	form := fields{hidden: "kept"}
	read(&form, `{"display_name":"Ada","locked":"on","untagged":"x","hidden":"x","":"x"}`)
	require.Equal(t, fields{DisplayName: "Ada", Locked: true, Untagged: "x", hidden: "kept"}, form)
	var list []string
	read(&list, `["a"]`)
	require.Equal(t, []string{"a"}, list)
	var outer struct{ embedded }
	read(&outer, `{"title":"Plan"}`)
	require.Equal(t, "Plan", outer.Title)
	var own decoded
	read(&own, `{"text":"Plan"}`)
	require.Equal(t, `{"text":"Plan"}`, own.Text)
}

func TestStorable(t *testing.T) {
	require.Equal(t, "a < b", Storable("a\x00 <\xff b"))
	long := strings.Repeat("漢", 90)
	require.Equal(t, long, Storable(long))
}

func TestCheckbox_InJSON(t *testing.T) {
	for given, want := range map[string]bool{
		`true`: true, `false`: false, `null`: false, `"true"`: true, `"on"`: true, `"1"`: true, `"false"`: false, `"off"`: false, `""`: false,
	} {
		var form struct{ Remember Checkbox }
		require.NoError(t, json.Unmarshal([]byte(`{"remember":`+given+`}`), &form), given)
		require.Equal(t, want, bool(form.Remember), given)
	}
	for _, given := range []string{`{}`, `[]`, `["on"]`, `1`} {
		var form struct{ Remember Checkbox }
		require.Error(t, json.Unmarshal([]byte(`{"remember":`+given+`}`), &form), given)
		require.False(t, bool(form.Remember), given)
	}
}
