package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// secondStepKey is the key of a models.SecondStep in Buffalo's session.
const secondStepKey = "second_step"

// askSecondStep puts a login or reset that waits for its second step into the cookie.
func askSecondStep(c buffalo.Context, due *models.SecondStep) {
	c.Session().Set(secondStepKey, due.Raw())
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

// secondStepPassed logs in or, for a reset, notes in the cookie that the second step was
// passed. It returns the page to go to.
func secondStepPassed(c buffalo.Context, step *models.SecondStep, session *models.LoggedIn) (page string) {
	if step.Passed {
		c.Session().Set(secondStepKey, step.Raw())
		return "/password/reset"
	}
	return logInTo(c, session, string(step.Next))
}

// secondStepEnded redirects to the login page if the cookie holds no login that waits for
// its second step, or one that has expired.
func secondStepEnded(c buffalo.Context, step *models.SecondStep, err error) error {
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
	c.Set("login", step.Reset.IsNil())
	c.Set("skip", skip)
	c.Set("next", string(step.Next))
	return renderForm(c, "login_second.title", "login_second/new.plush.html", messages{"code": message})
}
