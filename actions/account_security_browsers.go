package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/models"
)

// AccountSecurityBrowsersDestroy ends a browser's skip of the second step.
func AccountSecurityBrowsersDestroy(c buffalo.Context) error { return endSkips(c, c.Param("id")) }

// AccountSecurityBrowsersDestroyAll ends all skips.
func AccountSecurityBrowsersDestroyAll(c buffalo.Context) error { return endSkips(c, "") }

func endSkips(c buffalo.Context, id string) error {
	err := models.EndSkips(c, currentUser(c), id, clientOf(c))
	return changed(c, err, "skip ended", "account_security.browsers_ended", "accountSecurityPath()")
}
