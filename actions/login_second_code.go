package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// LoginSecondCreate is POST /login/second: logs in and redirects to the page
// requested before the login. For a password reset, it redirects to the reset's form.
func LoginSecondCreate(c buffalo.Context) error {
	var form codeForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	step, err := findSecondStep(c, form.Link)
	if err != nil {
		return secondStepEnded(c, step, err)
	}
	web.Info(c).EmailDigest = models.EmailDigest(step.User.Email)
	session, err := step.Pass(c, form.Code, bool(form.Skip), clientOf(c))
	if message := codeOrLimitMessage(c, err); message != "" {
		return renderLoginSecond(c, step, bool(form.Skip), message)
	}
	if err != nil {
		return secondStepEnded(c, step, err)
	}
	return redirectTo(c, secondStepPassed(c, step, session, c.Param("next")))
}
