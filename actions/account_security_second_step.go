package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

type secondStepForm struct {
	On string `form:"on"` // "true" or "false"
}

// AccountSecuritySecondStepUpdate is PUT /account/security/second-step: turns the
// second step at login on or off.
func AccountSecuritySecondStepUpdate(c buffalo.Context) error {
	var form secondStepForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	on, ok := map[string]bool{"true": true, "false": false}[form.On]
	if !ok {
		return renderSecurity(c, messages{"second_step": T.Translate(c, "error.unprocessable.text")})
	}
	needs := map[bool]string{true: "second_step.needs_factor", false: "second_step.needs_password"}[on]
	codes, err := currentUser(c).TurnSecondStep(c, on, clientOf(c))
	if !on || err != nil {
		return securityChanged(c, err, "second step turned off", "second_step.turned_off", messages{"second_step": T.Translate(c, needs)})
	}
	web.Info(c).Event("second step turned on")
	c.Flash().Add("success", "second_step.turned_on")
	return goToRecoveryCodes(c, codes)
}
