package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// AccountPasswordDestroy is DELETE /account/password: leaves passkeys as the only way
// in, ends every session and starts a new one for this browser.
func AccountPasswordDestroy(c buffalo.Context) error {
	codes, err := currentUser(c).RemovePassword(c, clientOf(c))
	if errors.Is(err, models.ErrRefused) {
		return renderSecurity(c, messages{"password_removal": T.Translate(c, "passkey.needed")})
	}
	if err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("password removed")
	if err := restartSession(c); err != nil {
		return changedMeanwhile(c, err)
	}
	c.Flash().Add("success", "passkey.password_removed")
	if len(codes) > 0 {
		return secondStepTurnedOn(c, codes)
	}
	return redirect(c, "accountSecurityPath()")
}
