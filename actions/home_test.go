package actions

import "corral/internal/apptest"

func (as *ActionSuite) Test_Home_Show() {
	as.logInAs("ada@example.com")
	res := as.HTML("/").Get()
	as.Equal(200, res.Code)
	page := res.Body.String()
	as.Contains(page, "<dd><bdi>ada@example.com</bdi></dd>")
	as.Contains(page, `<form action="/logout" method="post"><input type="hidden" name="_method" value="DELETE">`)
}

func (as *ActionSuite) Test_Home_Show_Anonymous() {
	res := as.HTML("/").Get()
	as.Equal(302, res.Code)
	as.Equal("/login?next=%2F", res.Location())
	as.NotContains(res.Body.String(), "logged in")
	as.Equal([]string{"You need to login first."}, apptest.Flashes(as.HTML("/login").Get().Body.String()))
}

func (as *ActionSuite) Test_Home_Show_EscapesTheEmail() {
	as.logInAs("o'ada&amp@example.com")
	as.Contains(as.HTML("/").Get().Body.String(), "<dd><bdi>o&#39;ada&amp;amp@example.com</bdi></dd>")
}
