package edge

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a form says, the method is one of four.
func FuzzMethodOverride(f *testing.F) {
	f.Add("_method=PUT", "application/x-www-form-urlencoded")
	f.Add("_method=HEAD&_method=DELETE", "application/x-www-form-urlencoded; charset=x")
	f.Add("%5fmethod=delete;a", "multipart/form-data")
	f.Fuzz(func(t *testing.T, body, contentType string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		limitBody(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			MethodOverride(w, r)
			require.Contains(t, []string{"POST", "PUT", "PATCH", "DELETE"}, r.Method)
		}), page).ServeHTTP(w, r)
	})
}

// Whatever is sent, a form is read whole and as net/url reads it, or refused.
func FuzzForm(f *testing.F) {
	const form = "application/x-www-form-urlencoded"
	for _, body := range []string{
		"", "email=ada%40example.com&password=a+b", "email=1&email=2", "a;b=c", "%zz=1", "=&==&&=", "a[9999999999]=1&a[b][c]=2", "\x00=\xff", "a=%00%ff",
		strings.Repeat("a=b&", 20000), strings.Repeat("a&", 11000),
	} {
		f.Add(body, form, true)
	}
	f.Add("a=b", form+"; charset=utf-16", false)
	f.Add("<a/>", "text/xml", true)
	f.Add("--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--", "multipart/form-data; boundary=x", false)
	f.Add("a=b", "application/x-www-form-urlencoded, text/plain", true)
	f.Fuzz(func(t *testing.T, body, contentType string, chunked bool) {
		r := httptest.NewRequest("POST", "/?email=query", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		if chunked {
			r.ContentLength = -1
		}
		status := readForm(httptest.NewRecorder(), r)
		fields, err := url.ParseQuery(body)
		switch {
		case body == "":
			require.Zero(t, status)
		case len(body) > maxBody:
			require.Equal(t, http.StatusRequestEntityTooLarge, status)
		case !isForm(r):
			require.Equal(t, http.StatusUnsupportedMediaType, status)
		case err != nil:
			require.Equal(t, http.StatusBadRequest, status)
		default:
			require.Zero(t, status)
			require.Equal(t, fields, r.PostForm, "the query is no form")
			again, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, body, string(again))
		}
	})
}
