package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

// Marks of the routes that are open to a user who has to set up a second step.
const (
	enrol       = "enrol"
	enrolByLink = "enrol by link" // the session must have redeemed a mailed link first
)

func askToEnrol(c buffalo.Context) error {
	if web.WantsJSON(c.Request()) || !web.IsNavigation(c.Request()) {
		return c.Error(http.StatusForbidden, errors.New("no second step: see /account/security"))
	}
	return redirect(c, "accountSecurityPath()")
}

// AccountSecurityEnrolNew is GET /account/security/enrol/{token}, the mailed link:
// shows the button that redeems it.
func AccountSecurityEnrolNew(c buffalo.Context) error {
	if _, err := currentUser(c).FindEnrolment(c, c.Param("token")); err != nil {
		return deadLink(c, err)
	}
	c.Set("action", "/account/security/enrol/"+c.Param("token"))
	return renderPage(c, "account_security_enrol.title", "account_security_enrol/new.plush.html")
}

// AccountSecurityEnrolCreate is POST /account/security/enrol/{token}: lets the session
// set up a second step.
func AccountSecurityEnrolCreate(c buffalo.Context) error {
	if err := currentSession(c).Enrol(c, c.Param("token")); err != nil {
		return deadLink(c, changedMeanwhile(c, err))
	}
	return redirect(c, "accountSecurityPath()")
}
