package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

type codeForm struct {
	Code string `form:"code"`
}

// AccountSecurityLinksDestroy is DELETE /account/security/links/{id}: ends the
// links in a mailbox that the account has left, by a factor given for that purpose.
func AccountSecurityLinksDestroy(c buffalo.Context) error {
	if web.SendsJSON(c.Request()) {
		return endLinksByPasskey(c)
	}
	var form codeForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	err := currentUser(c).EndLinksByCode(c, c.Param("id"), form.Code, clientOf(c))
	message, limited := rateLimited(c, err)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return c.Error(http.StatusNotFound, err)
	case errors.Is(err, models.ErrBadCode):
		message = T.Translate(c, "login_second.invalid")
	case errors.Is(err, models.ErrRefused):
		message = T.Translate(c, "account_security.links_refused")
	case err != nil && !limited:
		return changedMeanwhile(c, err)
	}
	if message != "" {
		c.Set("link", c.Param("id"))
		return renderSecurity(c, messages{"code": message})
	}
	noteLinksEnded(c)
	return redirect(c, "accountSecurityPath()")
}

func noteLinksEnded(c buffalo.Context) {
	web.Info(c).Event("links ended")
	c.Flash().Add("success", "account_security.links_ended")
}
