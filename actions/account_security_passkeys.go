package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/i18n"
	"corral/internal/passkey"
	"corral/internal/web"
	"corral/models"
)

// PasskeyEndpointsShow is GET /.well-known/passkey-endpoints, for password managers
// (W3C, A Well-Known URL for Relying Party Passkey Endpoints).
func PasskeyEndpointsShow(c buffalo.Context) error {
	page := settings.Host.String() + "/account/security"
	return web.AnswerScript(c, map[string]string{"enroll": page, "manage": page})
}

func setRemovedPasskeys(c buffalo.Context, user *models.User) error {
	_, removed, err := models.PasskeysOf(c, user)
	c.Set("removedPasskeys", removed)
	return err
}

func AccountSecurityPasskeysOptions(c buffalo.Context) error {
	return userPasskeyOptions(c, models.PasskeyNew)
}

func AccountSecurityPasskeysCreate(c buffalo.Context) error {
	return passkeyAnswer(c, http.StatusCreated, func(form passkeyForm) (string, error) {
		name, ok := passkey.NormalizeName(form.Name)
		if !ok && name != "" {
			return "", passkey.ErrRefused
		}
		suggested := i18n.Browser(T.In(language(c)), c.Request().UserAgent())
		if err := currentUser(c).AddPasskey(c, form.Answer, name, suggested, clientOf(c)); err != nil {
			return "", err
		}
		web.Info(c).Event("passkey added")
		c.Flash().Add("success", "passkey.added")
		return "/account/security", nil
	})
}

type passkeyNameForm struct {
	Name string `form:"name"`
}

// AccountSecurityPasskeysUpdate is PUT /account/security/passkeys/{id}: renames a passkey.
func AccountSecurityPasskeysUpdate(c buffalo.Context) error {
	var form passkeyNameForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	name, ok := passkey.NormalizeName(form.Name)
	if !ok {
		c.Set("renaming", c.Param("id"))
		return renderSecurity(c, messages{"name": T.Translate(c, "passkey.name_invalid")})
	}
	return passkeyChanged(c, "passkey.renamed", currentUser(c).RenamePasskey(c, c.Param("id"), name))
}

func AccountSecurityPasskeysDestroy(c buffalo.Context) error {
	return passkeyChanged(c, "passkey.removed", currentUser(c).RemovePasskey(c, c.Param("id"), clientOf(c)))
}

// AccountSecurityPasskeysRestore is POST /account/security/passkeys/{id}/restore: restores
// a removed passkey.
func AccountSecurityPasskeysRestore(c buffalo.Context) error {
	return passkeyChanged(c, "passkey.restored", currentUser(c).RestorePasskey(c, c.Param("id"), clientOf(c)))
}

// passkeyChanged redirects to the security page, or shows there why the change is refused.
func passkeyChanged(c buffalo.Context, message string, err error) error {
	return securityChanged(c, err, "passkey changed", message, messages{"passkeys": T.Translate(c, "passkey.last_way_in")})
}

// AccountPasswordDestroy is DELETE /account/password: removes the password, ends every
// session and starts a new one for this browser.
func AccountPasswordDestroy(c buffalo.Context) error {
	codes, err := currentUser(c).RemovePassword(c, clientOf(c))
	if errors.Is(err, models.ErrRefused) {
		return renderSecurity(c, messages{"password_removal": T.Translate(c, "passkey.needed")})
	}
	if err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("password removed")
	if err := restartSession(c); err != nil {
		return err
	}
	c.Flash().Add("success", "passkey.password_removed")
	if len(codes) > 0 { // without a password the second step is on: these are its first codes
		return goToRecoveryCodes(c, codes)
	}
	return redirect(c, "accountSecurityPath()")
}
