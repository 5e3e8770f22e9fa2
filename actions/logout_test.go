package actions

import "corral/internal/apptest"

func (as *ActionSuite) Test_Logout_New() {
	as.logInAs("ada@example.com")
	res := as.HTML("/logout").Get()
	as.Equal(200, res.Code)
	page := res.Body.String()
	as.Contains(page, "ada@example.com")
	as.Contains(page, `<input type="hidden" name="_method" value="DELETE">`)
	as.Equal(200, as.HTML("/").Get().Code, "a link does not log out")
}

func (as *ActionSuite) Test_Logout_Destroy() {
	as.logInAs("ada@example.com")
	res := as.HTML("/logout").Delete()
	as.Equal(303, res.Code)
	as.Equal("/welcome", res.Location())
	as.Equal(`"storage"`, res.Header().Get("Clear-Site-Data"))
	n, err := as.DB.Count("sessions")
	as.NoError(err)
	as.Zero(n)
	as.Nil(as.Session.Get(tokenKey))
	as.Equal([]string{"You were logged out."}, apptest.Flashes(as.HTML("/welcome").Get().Body.String()))
	as.Empty(apptest.Flashes(as.HTML("/welcome").Get().Body.String()), "shown once")
	as.Equal(302, as.HTML("/").Get().Code)
}

func (as *ActionSuite) Test_Logout_Destroy_Anonymous() {
	res := as.HTML("/logout").Delete()
	as.Equal(303, res.Code)
	as.Equal("/welcome", res.Location())
	as.Equal([]string{"You were logged out."}, apptest.Flashes(as.HTML("/welcome").Get().Body.String()))
}
