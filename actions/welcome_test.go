package actions

import "html"

func (as *ActionSuite) Test_Welcome_Show() {
	res := as.HTML("/welcome").Get()
	as.Equal(200, res.Code)
	page := res.Body.String()
	as.Contains(page, `href="/login"`)
	as.Contains(html.UnescapeString(page), `<meta name="description" content="`+in("en-US", "welcome.description")+`">`)
	as.NotContains(page, "/logout")
	as.NotContains(as.HTML("/login").Get().Body.String(), `name="description"`)
}

func (as *ActionSuite) Test_Welcome_Show_LoggedIn() {
	as.logInAs("ada@example.com")
	page := as.HTML("/welcome").Get().Body.String()
	as.Contains(page, `<a class="btn btn-primary btn-lg" href="/">`)
	as.NotContains(page, `href="/login"`)
}
