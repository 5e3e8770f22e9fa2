package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/models"
)

// AccountSecurityBrowsersDestroy is DELETE /account/security/browsers/{id}: ends a
// browser's skip of the second step.
func AccountSecurityBrowsersDestroy(c buffalo.Context) error {
	err := models.EndSkip(c, currentUser(c), c.Param("id"), clientOf(c))
	return securityChanged(c, err, "skip ended", "account_security.browsers_ended")
}

// AccountSecurityBrowsersDestroyAll is DELETE /account/security/browsers: ends all skips.
func AccountSecurityBrowsersDestroyAll(c buffalo.Context) error {
	err := models.EndSkips(c, currentUser(c), clientOf(c))
	return securityChanged(c, err, "skip ended", "account_security.browsers_ended")
}
