package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/models"
)

// AccountSecurityBrowsersDestroy ends a browser's skip of the second step or, without an
// id, all skips.
func AccountSecurityBrowsersDestroy(c buffalo.Context) error {
	err := models.EndSkips(c, currentUser(c), c.Param("id"), clientOf(c))
	return securityChanged(c, err, "skip ended", "account_security.browsers_ended")
}
