package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func (as *ActionSuite) resetLink(email string) string {
	modelstest.SignUp(as.T(), email)
	rawToken, err := models.IssueInvite(as.T().Context(), email)
	as.NoError(err)
	return "/password/reset/" + rawToken
}

func (as *ActionSuite) setPassword(password string) (status int, page string) {
	res := as.HTML("/password/reset").Put(url.Values{"password": {password}})
	return res.Code, res.Body.String()
}

func (as *ActionSuite) Test_PasswordReset() {
	res := as.HTML("%s", as.resetLink("ada@example.com")).Get()
	as.Equal(302, res.Code)
	as.Equal("/password/reset", res.Location(), "the token leaves the address bar")

	page := as.HTML("/password/reset").Get().Body.String()
	as.Contains(page, "ada@example.com")
	as.Contains(page, `autocomplete="new-password"`)
	as.Contains(page, "At least 15 characters.")

	status, _ := as.setPassword(newPassword)
	as.Equal(303, status)
	as.Equal([]string{"Your password was saved. You can log in with it now."}, apptest.Flashes(as.HTML("/login").Get().Body.String()))
	as.Equal(302, as.HTML("/").Get().Code, "a reset does not log in")
	as.Equal(303, as.logIn("ada@example.com", newPassword).Code)
}

func (as *ActionSuite) Test_PasswordReset_RefusedPasswordKeepsTheLink() {
	as.HTML("%s", as.resetLink("ada@example.com")).Get()
	for password, reason := range map[string]string{
		"":                      "That is too short: use at least 15 characters.",
		"passwordpassword":      "That is easy to guess: it repeats itself.",
		"ada@example.com1":      "That is easy to guess: it contains your email address or the name of this site.",
		"bell \x07 rings aloud": "cannot be typed",
	} {
		status, page := as.setPassword(password)
		as.Equal(422, status)
		as.Contains(page, reason)
		as.Contains(page, `aria-describedby="password-error password-hint" aria-invalid="true"`)
	}
	status, _ := as.setPassword(newPassword)
	as.Equal(303, status)
}

func (as *ActionSuite) Test_PasswordReset_DeadLink() {
	link := as.resetLink("ada@example.com")
	for _, dead := range []string{"/password/reset/x", link + "x", link[:len(link)-1], "/password/reset/%00", "/password/reset/%ff"} {
		res := as.HTML("%s", dead).Get()
		as.Equal(404, res.Code, dead)
		as.Contains(res.Body.String(), "This link no longer works")
	}
	as.HTML("%s", link).Get()
	models.Clock.Move(models.Lifetimes[models.PurposeInvite])
	as.Equal(404, as.HTML("/password/reset").Get().Code)
	status, page := as.setPassword(newPassword)
	as.Equal(404, status)
	as.Contains(page, "This link no longer works")
	models.Clock.Reset()
	as.Equal(422, as.logIn("ada@example.com", newPassword).Code)
}

func (as *ActionSuite) Test_PasswordReset_UsedOnce() {
	link := as.resetLink("ada@example.com")
	as.HTML("%s", link).Get()
	status, _ := as.setPassword(newPassword)
	as.Equal(303, status)
	as.Equal(404, as.HTML("%s", link).Get().Code)
	status, page := as.setPassword("yet another new set of words")
	as.Equal(404, status)
	as.Contains(page, "This is already done")
	as.Contains(page, `<a class="btn btn-primary" href="/login">`)
	as.Equal(422, as.logIn("ada@example.com", "yet another new set of words").Code)
}

func (as *ActionSuite) Test_PasswordReset_WithoutToken() {
	res := as.HTML("/password/reset").Get()
	as.Equal(404, res.Code)
	as.Contains(res.Body.String(), "This link no longer works")
	status, page := as.setPassword(newPassword)
	as.Equal(404, status)
	as.Contains(page, `<a class="btn" href="/password/forgot">`)
	as.Equal(404, as.JSON("/password/reset").Get().Code)
}

func TestPasswordReset_WhileLoggedInAsAnother(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "bob@example.com")
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	b.Get("/") // clears the login's flash message
	b.forgot("bob@example.com")
	b.Get("/password/reset/" + modelstest.Link(t, "bob@example.com", models.MailReset))
	page := b.Get("/password/reset").Page
	require.Contains(t, page, "For bob@example.com.")
	require.Contains(t, page, "You are logged in as ada@example.com.")
	require.Equal(t, "/", b.Put("/password/reset", url.Values{"password": {newPassword}}).Location())
	page = b.Get("/").Page
	require.Equal(t, []string{"The password of the other account was saved. You are still logged in to this one."}, apptest.Flashes(page))
	b.requireLoggedInAs("ada@example.com")

	b.forgot("ada@example.com")
	b.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	require.NotContains(t, b.Get("/password/reset").Page, "You are logged in as")
	require.Equal(t, "/login", b.Put("/password/reset", url.Values{"password": {newPassword}}).Location(), "every session ended")
	require.Equal(t, 200, b.Get("/login").StatusCode)
}
