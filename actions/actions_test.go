package actions

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/gobuffalo/httptest"
	"github.com/gobuffalo/suite/v4"
	"github.com/stretchr/testify/require"

	"corral/locales"
	"corral/models/modelstest"
)

func TestMain(m *testing.M) {
	locales.Default = "en-US"
	modelstest.Main(m)
}

// ActionSuite is Buffalo's action suite. Its requests pass all handlers of package web.
// For an app that listens on a socket, see site_test.go.
type ActionSuite struct {
	*suite.Action
	handler http.Handler
}

func Test_ActionSuite(t *testing.T) {
	c := modelstest.Config()
	app := newApp(t, c)
	as, err := suite.NewActionWithFixtures(app, os.DirFS("../fixtures"))
	require.NoError(t, err)
	if as.DB == nil {
		t.Fatal("the suite has no database") // the suite would skip all assertions on rows
	}
	handler := Handler(app, c, testLogger(t, c), nil)
	suite.Run(t, &ActionSuite{as, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = c.Host.Host
		// The suite's session has no cookie. Without one, package web answers requests for
		// public pages itself.
		r.AddCookie(&http.Cookie{Name: c.CookieName(sessionCookieName), Value: "suite"})
		handler.ServeHTTP(w, r)
	})})
}

func (as *ActionSuite) HTML(path string, args ...any) *httptest.Request {
	return httptest.New(as.handler).HTML(path, args...)
}

func (as *ActionSuite) JSON(path string, args ...any) *httptest.JSON {
	return httptest.New(as.handler).JSON(path, args...)
}

func (as *ActionSuite) XML(path string, args ...any) *httptest.XML {
	return httptest.New(as.handler).XML(path, args...)
}

func (as *ActionSuite) SetupTest() {
	db := as.DB
	as.DB = nil // otherwise the suite would empty schema_migration
	as.Action.SetupTest()
	as.DB = db
	modelstest.Empty(as.T())
}

func (as *ActionSuite) logInAs(email string) {
	modelstest.SignUp(as.T(), email)
	as.Equal(303, as.logIn(email, modelstest.Password).Code)
}

func (as *ActionSuite) logIn(email, password string) *httptest.Response {
	return as.HTML("/login").Post(url.Values{"email": {email}, "password": {password}})
}

func (as *ActionSuite) Test_Suite_RequestsPassPackageWeb() {
	res := as.HTML("/login").Post(url.Values{"email": {strings.Repeat("x", 1<<20)}})
	as.Equal(413, res.Code)
	as.NotEmpty(res.Header().Get("Content-Security-Policy"))
	as.Equal(422, as.JSON("/login").Post(map[string]string{"email": "ada@example.com"}).Code, "the handler parses JSON")
}
