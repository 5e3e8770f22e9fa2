package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/models"
)

// AccountSecurityBrowsersDestroy is DELETE /account/security/browsers/{id}: makes
// a browser pass the second step again.
func AccountSecurityBrowsersDestroy(c buffalo.Context) error {
	err := models.EndSkip(c, currentUser(c), c.Param("id"), clientOf(c))
	return securityChanged(c, err, "skip ended", "account_security.browsers_ended")
}

// AccountSecurityBrowsersDestroyAll is DELETE /account/security/browsers, for all of them.
func AccountSecurityBrowsersDestroyAll(c buffalo.Context) error {
	err := models.EndSkips(c, currentUser(c), clientOf(c))
	return securityChanged(c, err, "skip ended", "account_security.browsers_ended")
}
