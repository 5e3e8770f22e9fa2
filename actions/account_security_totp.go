package actions

import (
	"cmp"
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/totp"
	"corral/internal/web"
	"corral/models"
)

// pendingTOTPKey is the key in Buffalo's session of a pending TOTP key: one that the user has
// not typed a code of.
const pendingTOTPKey = "totp"

// AccountSecurityTOTPNew is GET /account/security/totp: shows a pending key.
func AccountSecurityTOTPNew(c buffalo.Context) error {
	key, err := pendingTOTP(c)
	if err != nil {
		return err
	}
	return renderTOTP(c, key, "")
}

// AccountSecurityTOTPImage is GET /account/security/totp.svg: the pending key as a QR code.
func AccountSecurityTOTPImage(c buffalo.Context) error {
	key, err := pendingTOTP(c)
	if err = errors.Join(err, c.Session().Save()); err != nil { // AnswerAs does not save a new key
		return err
	}
	svg, err := totp.SVG(totp.URI(key, T.Translate(c, "app.name"), currentUser(c).Email))
	if err != nil {
		return err
	}
	return web.AnswerAs(c, "image/svg+xml", svg)
}

// AccountSecurityTOTPCreate is POST /account/security/totp: stores the key if
// the user typed a code of it, and turns the second step on.
func AccountSecurityTOTPCreate(c buffalo.Context) error {
	var form codeForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	key, err := pendingTOTP(c)
	var recovery []string
	if err == nil {
		recovery, err = currentUser(c).SetTOTP(c, key, form.Code, clientOf(c))
	}
	switch {
	case errors.Is(err, models.ErrNotFound), errors.Is(err, models.ErrRefused):
		return renderSecurity(c, messages{"totp": T.Translate(c, "totp.there")})
	case errors.Is(err, models.ErrBadCode):
		return renderTOTP(c, key, T.Translate(c, "login_second.invalid"))
	case err != nil:
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("totp added")
	c.Session().Delete(pendingTOTPKey)
	c.Flash().Add("success", "totp.added")
	return goToRecoveryCodes(c, recovery)
}

func AccountSecurityTOTPDestroy(c buffalo.Context) error {
	err := currentUser(c).RemoveTOTP(c, clientOf(c))
	return securityChanged(c, err, "totp removed", "totp.removed", messages{"totp": T.Translate(c, "totp.last")})
}

// pendingTOTP returns the pending key, or makes one. It returns ErrNotFound if the account
// has a TOTP key already. A pending key, which the user may have scanned, lasts until it is
// stored or the session is confirmed anew.
func pendingTOTP(c buffalo.Context) ([]byte, error) {
	factors, err := models.FactorsOf(c, currentUser(c))
	if err != nil || len(factors.OfKind(models.FactorTOTP)) > 0 {
		return nil, cmp.Or(err, models.ErrNotFound)
	}
	key, ok := c.Session().Get(pendingTOTPKey).([]byte)
	if !ok {
		key = totp.NewKey()
		c.Session().Set(pendingTOTPKey, key)
	}
	return key, nil
}

func renderTOTP(c buffalo.Context, key []byte, message string) error {
	c.Set("key", totp.Text(key))
	return renderForm(c, "totp.title", "account_security_totp/new.plush.html", messages{"code": message})
}
