package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/models"
)

// AccountSecurityShow is GET /account/security.
func AccountSecurityShow(c buffalo.Context) error { return renderSecurity(c, nil) }

// renderSecurity shows the page, with messages at the fields of its forms.
func renderSecurity(c buffalo.Context, wrong messages) error {
	user := currentUser(c)
	factors, err := models.FactorsOf(c, user)
	waiting, waitingErr := models.WaitingOf(c, user)
	decides, decidesErr := currentSession(c).DecidesUndo(c)
	since, sinceErr := user.PasswordSince(c)
	left, leftErr := user.RecoveryCodesLeft(c)
	if err := errors.Join(err, waitingErr, decidesErr, sinceErr, leftErr, showPasskeys(c, user)); err != nil {
		return err
	}
	c.Set("title", "account_security.title")
	c.Set("confirmed", currentSession(c).Confirmed())
	c.Set("passwordSince", since)
	c.Set("totp", ofKind(factors, models.FactorTOTP))
	c.Set("codes", ofKind(factors, models.FactorCodes))
	c.Set("codes_left", left)
	c.Set("waiting", waiting)
	c.Set("decides", decides)
	return renderForm(c, "account_security/show.plush.html", wrong)
}

func ofKind(factors []models.Factor, kind string) (list []models.Factor) {
	for _, f := range factors {
		if f.Kind == kind {
			list = append(list, f)
		}
	}
	return list
}
