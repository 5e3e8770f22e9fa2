package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

type codeForm struct {
	Code string `form:"code"`
}

func endLinksByCode(c buffalo.Context) error {
	var form codeForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	err := currentUser(c).EndLinksByCode(c, c.Param("id"), form.Code, clientOf(c))
	message := refusal(c, err)
	if errors.Is(err, models.ErrRefused) {
		message = T.Translate(c, "account_security.links_refused")
	}
	if message != "" {
		c.Set("link", c.Param("id"))
		return renderSecurity(c, messages{"code": message})
	}
	return securityChanged(c, err, "links ended", "account_security.links_ended")
}
