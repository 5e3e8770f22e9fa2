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
