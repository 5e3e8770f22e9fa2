package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// AccountSecurityBrowsersDestroy is DELETE /account/security/browsers/{id}: that
// browser has to pass the second step again.
func AccountSecurityBrowsersDestroy(c buffalo.Context) error {
	return skipsEnded(c, models.EndSkip(c, currentUser(c), c.Param("id"), clientOf(c)))
}

// AccountSecurityBrowsersDestroyAll is DELETE /account/security/browsers.
func AccountSecurityBrowsersDestroyAll(c buffalo.Context) error {
	return skipsEnded(c, models.EndSkips(c, currentUser(c), clientOf(c)))
}

func skipsEnded(c buffalo.Context, err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return c.Error(http.StatusNotFound, err)
	}
	if err != nil {
		return err
	}
	web.Info(c).Event("skip ended")
	c.Flash().Add("success", "account_security.browsers_ended")
	return redirect(c, "accountSecurityPath()")
}
