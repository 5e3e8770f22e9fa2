package actions

import (
	"errors"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// newCodesKey is the key of unseen recovery codes in Buffalo's session.
const newCodesKey = "recovery_codes"

// goToRecoveryCodes redirects to the page of recovery codes. The page shows new codes
// once, and otherwise how many are left.
func goToRecoveryCodes(c buffalo.Context, codes []string) error {
	if len(codes) > 0 {
		c.Session().Set(newCodesKey, strings.Join(codes, " "))
	}
	return redirect(c, "accountSecurityRecoveryCodesPath()")
}

func setCodesLeft(c buffalo.Context, user *models.User) error {
	left, err := user.RecoveryCodesLeft(c)
	c.Set("codes_left", left)
	return err
}

// aboutCodesLeft returns a text: how many codes setCodesLeft found, or to make new ones.
func aboutCodesLeft(c buffalo.Context) string {
	if left := c.Value("codes_left").(int); left > 0 {
		return T.In(language(c))("recovery_codes.left", left)
	}
	return T.Translate(c, "account_security.next_codes")
}

func AccountSecurityRecoveryCodesShow(c buffalo.Context) error {
	codes := ""
	if web.IsNavigation(c.Request()) { // a prefetch must not delete the codes: they are shown once
		codes = web.SessionText(c, newCodesKey)
		c.Session().Delete(newCodesKey)
	}
	return renderRecoveryCodes(c, strings.Fields(codes), "")
}

// AccountSecurityRecoveryCodesCreate is POST /account/security/recovery-codes: makes
// new codes and voids the old ones.
func AccountSecurityRecoveryCodesCreate(c buffalo.Context) error {
	codes, err := currentUser(c).MakeRecoveryCodes(c, clientOf(c))
	if errors.Is(err, models.ErrRefused) {
		return renderRecoveryCodes(c, nil, T.Translate(c, "recovery_codes.off"))
	}
	if err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("recovery codes made")
	return goToRecoveryCodes(c, codes)
}

func renderRecoveryCodes(c buffalo.Context, codes []string, message string) error {
	if err := setCodesLeft(c, currentUser(c)); err != nil {
		return err
	}
	if len(codes) > 0 {
		c.Set("new_codes", codes) // the layout hides the language form: it shows the page again, without the codes
	}
	c.Set("host", settings.Host.Host)
	return renderForm(c, "recovery_codes.title", "account_security_recovery_codes/show.plush.html", messages{"codes": message})
}

type codeForm struct {
	Code string       `form:"code"`
	Skip web.Checkbox `form:"skip"` // at a login: skips the second step for 30 days
	Link string       `form:"link"` // at a login: see findSecondStep
}

func endLinksByCode(c buffalo.Context) error {
	var form codeForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	err := currentUser(c).EndLinksByCode(c, c.Param("id"), form.Code, clientOf(c))
	c.Set("ending", c.Param("id")) // where the page shows a message
	if message := codeOrLimitMessage(c, err); message != "" {
		return renderSecurity(c, messages{"code": message})
	}
	return securityChanged(c, err, "links ended", "account_security.links_ended", messages{"code": T.Translate(c, "account_security.links_refused")})
}
