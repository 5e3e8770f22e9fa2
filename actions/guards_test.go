package actions_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/actions"
)

// Whoever adds a route says who may use it.
func (as *ActionSuite) Test_Guards_EveryRouteDeclaresOne() {
	routes := actions.Routes()
	as.NotEmpty(routes)
	for _, r := range routes {
		as.NotContains(r.Guard, "not declared", "%s %s needs a line in the table of app.go", r.Method, r.Path)
	}
}

func (as *ActionSuite) Test_Guards_UserRoutesRefuseAnonymous() {
	guarded := 0
	for _, r := range actions.Routes() {
		if r.Guard != "user" {
			continue
		}
		guarded++
		path := strings.NewReplacer("{token}", "x", "{id}", "6ba7b810-9dad-11d1-80b4-00c04fd430c8").Replace(r.Path)
		req, err := http.NewRequest(r.Method, path, nil)
		as.NoError(err)
		want := http.StatusSeeOther
		if r.Method == http.MethodGet {
			want = http.StatusFound
		}
		res := as.serve(req)
		as.Equal(want, res.Code, "%s %s", r.Method, r.Path)
		as.Equal("/login", res.Header().Get("Location"))
	}
	as.NotZero(guarded)
}

// A route that nobody declared is closed, not open.
func (as *ActionSuite) Test_Guards_UndeclaredIsClosed() {
	app := actions.New(testConfig(as.T()))
	app.GET("/undeclared", actions.WelcomeShow)
	req, err := http.NewRequest("GET", "/undeclared", nil)
	as.NoError(err)
	res := serve(app, req)
	as.Equal(302, res.Code)
	as.Equal("/login", res.Header().Get("Location"))
}

// Whoever asks again and again without a look at the login page is told once,
// and never that it is our fault: a cookie has an end.
func TestGuards_SayItOnce(t *testing.T) {
	b := newSite(t).browser()
	b.get("/account")
	size := len(b.cookie())
	for range 200 {
		require.Equal(t, 302, b.get("/account").StatusCode)
	}
	require.Len(t, b.cookie(), size)
	require.Equal(t, []string{"You need to login first."}, flashes(b.get("/login").page))
}
