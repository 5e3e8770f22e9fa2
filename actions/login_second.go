package actions

import (
	"cmp"
	"errors"
	"net/http"
	"slices"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// secondStepKey is the key of a models.SecondStep in Buffalo's session.
const secondStepKey = "second_step"

// keepSecondStep puts a login or reset that waits for its second step into the cookie.
func keepSecondStep(c buffalo.Context, step *models.SecondStep) {
	c.Session().Set(secondStepKey, step.Raw())
	web.Info(c).Event("second step asked")
}

// LoginSecondNew is GET /login/second: asks for a passkey or code.
func LoginSecondNew(c buffalo.Context) error {
	step, err := models.FindSecondStep(c, clientOf(c))
	if err != nil {
		return secondStepEnded(c, step, err)
	}
	if step.Passed {
		return redirect(c, "passwordResetPath()")
	}
	const skip = false
	return renderLoginSecond(c, step, skip, "")
}

// errOtherSecondStep means that a form was rendered for another second step than the cookie's.
var errOtherSecondStep = errors.New("the form is for another second step")

// findSecondStep returns the second step in the cookie, or errOtherSecondStep if the form's
// digest link is that of another: an attacker's page may have opened the attacker's reset link
// since, and the code would count for the attacker's account. As in linkForm.submit, a form
// without a digest is accepted.
func findSecondStep(c buffalo.Context, link string) (*models.SecondStep, error) {
	step, err := models.FindSecondStep(c, clientOf(c))
	if err == nil && link != "" && !slices.Contains(secondStepDigests(step), link) {
		err = errOtherSecondStep
	}
	return step, err
}

func secondStepDigests(step *models.SecondStep) []string {
	return models.FormDigests(step.UserID.String() + step.Reset.String())
}

// secondStepPassed logs in or, for a reset, notes in the cookie that the second step was
// passed. It returns the page to go to: next, of the form, comes before the cookie's, which
// another tab may have set since.
func secondStepPassed(c buffalo.Context, step *models.SecondStep, session *models.LoggedIn, next string) (page string) {
	if step.Passed {
		c.Session().Set(secondStepKey, step.Raw())
		return "/password/reset"
	}
	return logInTo(c, session, cmp.Or(returnPath(next), string(step.Next)))
}

// secondStepEnded redirects to the login page if the cookie holds no login that waits for
// its second step, or one that has expired. If it holds another than the form's, the answer
// is a page that says so.
func secondStepEnded(c buffalo.Context, step *models.SecondStep, err error) error {
	if errors.Is(err, errOtherSecondStep) {
		return renderDeadLink(c, http.StatusUnprocessableEntity, "dead_link.other_link_title", "dead_link.other_second_step", "")
	}
	if !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if keptNoCookie(c) {
		return c.Redirect(http.StatusSeeOther, "/login?cookies=none")
	}
	if clientOf(c).RawSecondStep != "" {
		c.Session().Delete(secondStepKey)
		c.Flash().Set("danger", []string{"login_second.ended"})
	}
	return c.Redirect(http.StatusSeeOther, "%s", web.WithNext("/login", string(step.Next)))
}

func renderLoginSecond(c buffalo.Context, step *models.SecondStep, skip bool, message string) error {
	if _, err := setFactors(c, step.User); err != nil {
		return err
	}
	c.Set("email", step.User.Email)
	c.Set("link", secondStepDigests(step)[0])
	c.Set("login", step.Reset.IsNil())
	c.Set("skip", skip)
	c.Set("next", cmp.Or(nextIn(c.Params()), string(step.Next)))
	return renderForm(c, "login_second.title", "login_second/new.plush.html", messages{"code": message})
}
