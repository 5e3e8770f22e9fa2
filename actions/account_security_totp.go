package actions

import (
	"cmp"
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/totp"
	"corral/internal/web"
	"corral/models"
)

// offeredTOTPKey is the key in Buffalo's session of a TOTP secret that the user has seen,
// but has not typed a code of.
const offeredTOTPKey = "totp"

// AccountSecurityTOTPNew is GET /account/security/totp: shows a new secret.
func AccountSecurityTOTPNew(c buffalo.Context) error {
	secret, err := offeredTOTP(c)
	if err != nil {
		return err
	}
	return renderTOTP(c, secret, "")
}

// AccountSecurityTOTPImage is GET /account/security/totp.svg: the secret as a QR code.
func AccountSecurityTOTPImage(c buffalo.Context) error {
	secret, err := offeredTOTP(c)
	if err = errors.Join(err, c.Session().Save()); err != nil { // saves a new secret: AnswerAs does not
		return err
	}
	svg, err := totp.SVG(totp.URI(secret, T.Translate(c, "app.name"), currentUser(c).Email))
	if err != nil {
		return err
	}
	return web.AnswerAs(c, "image/svg+xml", svg)
}

// AccountSecurityTOTPCreate is POST /account/security/totp: stores the secret once
// the user types a code of it, and turns the second step on.
func AccountSecurityTOTPCreate(c buffalo.Context) error {
	var form codeForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	secret, err := offeredTOTP(c)
	var codes []string
	if err == nil {
		codes, err = currentUser(c).SetTOTP(c, secret, form.Code, clientOf(c))
	}
	switch {
	case errors.Is(err, models.ErrNotFound), errors.Is(err, models.ErrRefused):
		return renderSecurity(c, messages{"totp": T.Translate(c, "totp.there")})
	case errors.Is(err, models.ErrBadCode):
		return renderTOTP(c, secret, T.Translate(c, "login_second.invalid"))
	case err != nil:
		return changedBefore(c, err)
	}
	web.Info(c).Event("totp added")
	c.Session().Delete(offeredTOTPKey)
	c.Flash().Add("success", "totp.added")
	return showRecoveryCodes(c, codes)
}

// AccountSecurityTOTPDestroy is DELETE /account/security/totp.
func AccountSecurityTOTPDestroy(c buffalo.Context) error {
	err := currentUser(c).RemoveTOTP(c, clientOf(c))
	if errors.Is(err, models.ErrRefused) {
		return renderSecurity(c, messages{"totp": T.Translate(c, "totp.last")})
	}
	return securityChanged(c, err, "totp removed", "totp.removed")
}

// offeredTOTP returns the secret that the session offers, or ErrNotFound if the account has
// one. The session keeps the secret, which the user may have scanned, until the secret is
// stored or the session is confirmed anew.
func offeredTOTP(c buffalo.Context) ([]byte, error) {
	factors, err := models.FactorsOf(c, currentUser(c))
	if err != nil || len(factors.OfKind(models.FactorTOTP)) > 0 {
		return nil, cmp.Or(err, models.ErrNotFound)
	}
	secret, ok := c.Session().Get(offeredTOTPKey).([]byte)
	if !ok {
		secret = totp.NewKey()
		c.Session().Set(offeredTOTPKey, secret)
	}
	return secret, nil
}

func renderTOTP(c buffalo.Context, secret []byte, message string) error {
	c.Set("key", totp.Text(secret))
	return renderForm(c, "totp.title", "account_security_totp/new.plush.html", messages{"code": message})
}
