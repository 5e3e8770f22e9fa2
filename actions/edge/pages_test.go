package edge

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// An answer that failed, or that sets a cookie, is for one visitor; it is asked
// for again by the next one.
func TestKeepPages_OnlyWhatIsForEverybody(t *testing.T) {
	answers := []func(w http.ResponseWriter, r *http.Request){
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		func(w http.ResponseWriter, _ *http.Request) {
			http.Redirect(w, &http.Request{}, "/elsewhere", http.StatusFound)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", "a=b")
			fmt.Fprint(w, "cookie")
		},
		func(w http.ResponseWriter, _ *http.Request) { panic("kept from the visitor") },
	}
	for i, answer := range answers {
		asked, mended := 0, false
		h := keepPages(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			if mended {
				fmt.Fprint(w, "mended ", r.Header.Get("Accept-Language"))
				return
			}
			answer(w, r)
		}), Pages{Paths: []string{"/page"}, SessionCookie: "session", Language: func(*http.Request) string { return "tlh" }})
		ask := func() (w *httptest.ResponseRecorder) {
			w = httptest.NewRecorder()
			defer func() { recover() }()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/page", nil))
			return w
		}
		for range 2 {
			require.Empty(t, ask().Header().Get("ETag"), i)
		}
		mended, asked = true, 0
		for range 3 {
			w := ask()
			body, _ := io.ReadAll(w.Result().Body)
			require.Equal(t, "mended tlh", string(body))
			require.NotEmpty(t, w.Header().Get("ETag"))
		}
		require.Equal(t, 1, asked, "rendered once")
	}
}
