package actions_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gobuffalo/httptest"
	"github.com/gobuffalo/suite/v4"

	"corral/actions"
	"corral/models/modelstest"
)

// ActionSuite is Buffalo's action suite: one action at a time, on a database of
// its own, with the suite's session store. The real store and the edge are
// tested by site_test.go.
type ActionSuite struct{ *suite.Action }

func Test_ActionSuite(t *testing.T) {
	as := suite.NewAction(actions.App())
	if as.DB == nil {
		t.Fatal("the suite has no database") // it would skip every assertion on rows in silence
	}
	suite.Run(t, &ActionSuite{as})
}

func (as *ActionSuite) SetupTest() {
	db := as.DB
	as.DB = nil // keeps the suite from emptying schema_migration
	as.Action.SetupTest()
	as.DB = db
	modelstest.Empty(as.T())
}

// signIn goes through the login page, as a person does.
func (as *ActionSuite) signIn(email string) {
	modelstest.SignUp(as.T(), email)
	res := as.logIn(email, modelstest.Password)
	as.Equal(303, res.Code)
}

func (as *ActionSuite) logIn(email, password string) *httptest.Response {
	return as.HTML("/login").Post(url.Values{"email": {email}, "password": {password}})
}

// flashes are the messages that a page shows.
func flashes(page string) []string {
	var list []string
	for _, part := range strings.Split(page, `<div class="alert`)[1:] {
		_, text, _ := strings.Cut(part, "<p>")
		text, _, _ = strings.Cut(text, "</p>")
		list = append(list, text)
	}
	return list
}
