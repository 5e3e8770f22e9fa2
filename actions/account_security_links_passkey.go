package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/passkey"
	"corral/internal/web"
	"corral/models"
)

// AccountSecurityLinksOptions is POST /account/security/links/{id}/options.
func AccountSecurityLinksOptions(c buffalo.Context) error {
	return passkeyOptions(c, func() (*passkey.Challenge, error) {
		return currentUser(c).PasskeyOptions(c, models.PasskeyLinks+c.Param("id"))
	})
}

// endLinksByPasskey is AccountSecurityLinksDestroy of JSON clients.
func endLinksByPasskey(c buffalo.Context) error {
	return passkeyAnswer(c, http.StatusOK, func(form passkeyForm) (string, error) {
		err := currentUser(c).EndLinksByPasskey(c, c.Param("id"), form.Answer, clientOf(c))
		if errors.Is(err, models.ErrNotFound) {
			return "", c.Error(http.StatusNotFound, errors.New("no such link"))
		}
		if err == nil {
			web.Info(c).Event("links ended")
			c.Flash().Add("success", "account_security.links_ended")
		}
		return "/account/security", err
	})
}
