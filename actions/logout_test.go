package actions

import (
	"net/http"
	"strings"

	"corral/internal/apptest"
)

// attributesOf returns the cookies without their values.
func attributesOf(cookies []*http.Cookie) (attributes []string) {
	for _, c := range cookies {
		name := *c
		name.Value, name.Raw = "", ""
		attributes = append(attributes, name.String())
	}
	return attributes
}

func (as *ActionSuite) Test_Logout_New() {
	as.logInAs("ada@example.com")
	res := as.HTML("/logout").Get()
	as.Equal(200, res.Code)
	page := res.Body.String()
	as.Contains(page, "ada@example.com")
	_, main, _ := strings.Cut(page, "<main")
	main, _, _ = strings.Cut(main, "</main>")
	as.Equal(1, strings.Count(main, "<button"))
	as.Contains(main, `<input type="hidden" name="_method" value="DELETE">`)
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
	as.logInAs("ada@example.com")
	known := as.HTML("/logout").Delete()
	as.HTML("/welcome").Get() // shows the flash message
	res := as.HTML("/logout").Delete()
	as.Equal(303, res.Code)
	as.Equal("/welcome", res.Location())
	for _, header := range []string{"Clear-Site-Data", "Cache-Control", "Content-Length"} {
		as.Equal(known.Header()[header], res.Header()[header], header)
	}
	as.Equal(attributesOf(known.Result().Cookies()), attributesOf(res.Result().Cookies()))
	as.Equal([]string{"You were logged out."}, apptest.Flashes(as.HTML("/welcome").Get().Body.String()))
}
