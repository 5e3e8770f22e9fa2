package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

// enrolment holds the paths that are open to a user who has to set up a second step. The
// value is true if the session must have redeemed a mailed link first.
var enrolment = map[string]bool{
	"/logout":                            false,
	"/account/language":                  false,
	"/account/security":                  false,
	"/account/security/enrol/{token}":    false,
	"/sudo":                              false,
	"/sudo/{provider}":                   false,
	"/sudo/passkey":                      false,
	"/sudo/passkey/options":              false,
	"/account/security/totp":             true,
	"/account/security/totp.svg":         true,
	"/account/security/passkeys":         true,
	"/account/security/passkeys/options": true,
	"/account/security/second-step":      true,
}

var errNotEnrolled = errors.New("no second step: see /account/security")

func askToEnrol(c buffalo.Context) error {
	if web.WantsJSON(c.Request()) || !web.IsNavigation(c.Request()) {
		return c.Error(http.StatusForbidden, errNotEnrolled)
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
		return deadLink(c, err)
	}
	return redirect(c, "accountSecurityPath()")
}
