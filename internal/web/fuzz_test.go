package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzMethodOverride(f *testing.F) {
	f.Add("_method=PUT", "application/x-www-form-urlencoded")
	f.Add("_method=HEAD&_method=DELETE", "application/x-www-form-urlencoded; charset=x")
	f.Add("%5fmethod=delete;a", "multipart/form-data")
	f.Add("--x\r\nContent-Disposition: form-data; name=_method\r\n\r\nHEAD\r\n--x--", "multipart/form-data; boundary=x")
	f.Fuzz(func(t *testing.T, body, contentType string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		limitBody(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			MethodOverride(w, r)
			require.Contains(t, []string{"POST", "PUT", "PATCH", "DELETE"}, r.Method)
			read, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, body, string(read))
		}), Options{ErrorPage: page, MaxBody: func(string) int64 { return 1 << 20 }}).ServeHTTP(w, r)
	})
}

func FuzzForm(f *testing.F) {
	const form, limit = "application/x-www-form-urlencoded", 64 << 10
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
		status := 0
		limitBody(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			again, err := io.ReadAll(r.Body)
			require.Equal(t, len(body) > limit, TooLarge(err))
			if err == nil {
				require.Equal(t, body, string(again))
			}
		}), Options{
			ErrorPage: func(_ http.ResponseWriter, _ *http.Request, refused int) { status = refused },
			MaxBody:   func(string) int64 { return limit },
		}).ServeHTTP(httptest.NewRecorder(), r)
		fields, err := url.ParseQuery(body)
		switch {
		case len(body) > limit && (!chunked || mediaType(r) == form):
			require.Equal(t, http.StatusRequestEntityTooLarge, status)
		case mediaType(r) != form || body == "" && !chunked:
			require.Zero(t, status)
		case err != nil:
			require.Equal(t, http.StatusBadRequest, status)
		default:
			require.Zero(t, status)
			require.Equal(t, fields, r.PostForm, "the query is no form")
		}
	})
}
