package actions

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/passkey"
	"corral/internal/web"
	"corral/models"
)

// passkeyForm is what assets/js/passkeys.js sends.
type passkeyForm struct {
	passkey.Answer
	Name     string       `json:"name"`     // the name of a new passkey
	Remember web.Checkbox `json:"remember"` // for a login
	Skip     web.Checkbox `json:"skip"`     // for a second step
	Link     string       `json:"link"`     // for a second step: see findSecondStep
	Next     string       `json:"next"`
}

func LoginPasskeyOptions(c buffalo.Context) error {
	return passkeyOptions(c, models.PasskeyLoginOptions)
}

// LoginPasskeyCreate is POST /login/passkey: logs in with a passkey alone, and ends
// the session that the browser had.
func LoginPasskeyCreate(c buffalo.Context) error {
	return passkeyAnswer(c, http.StatusOK, func(form passkeyForm) (string, error) {
		session, err := models.LogInWithPasskey(c, form.Answer, clientOf(c), bool(form.Remember))
		if err != nil {
			return "", err
		}
		return logInTo(c, session, returnPath(form.Next)), nil
	})
}

func LoginSecondPasskeyOptions(c buffalo.Context) error {
	return passkeyOptions(c, func() (*passkey.Challenge, error) {
		step, err := models.FindSecondStep(c, clientOf(c))
		if err != nil {
			return nil, err
		}
		return step.User.PasskeyOptions(c, models.PasskeySecondStep)
	})
}

// LoginSecondPasskeyCreate is POST /login/second/passkey: passes the second step
// as LoginSecondCreate does, with a passkey.
func LoginSecondPasskeyCreate(c buffalo.Context) error {
	return passkeyAnswer(c, http.StatusOK, func(form passkeyForm) (string, error) {
		step, err := findSecondStep(c, form.Link)
		if err != nil {
			return "", err
		}
		web.Info(c).EmailDigest = models.EmailDigest(step.User.Email)
		session, err := step.PassWithPasskey(c, form.Answer, bool(form.Skip), clientOf(c))
		if err != nil {
			return "", err
		}
		return secondStepPassed(c, step, session, form.Next), nil
	})
}

func SudoPasskeyOptions(c buffalo.Context) error {
	return userPasskeyOptions(c, models.PasskeySudo)
}

// SudoPasskeyCreate is POST /sudo/passkey: confirms as POST /sudo does.
func SudoPasskeyCreate(c buffalo.Context) error {
	return passkeyAnswer(c, http.StatusOK, func(form passkeyForm) (string, error) {
		session := currentSession(c)
		rawToken, err := session.ConfirmWithPasskey(c, form.Answer, clientOf(c))
		if errors.Is(err, models.ErrSessionEnded) {
			web.Info(c).Event("too many confirmations failed")
		}
		if err != nil {
			return "", err
		}
		keepConfirmed(c, session, rawToken)
		return cmp.Or(returnPath(form.Next), "/account"), nil
	})
}

// passkeyOptions answers with what navigator.credentials takes. It sets no cookie:
// two tabs must not disturb each other.
func passkeyOptions(c buffalo.Context, options func() (*passkey.Challenge, error)) error {
	var form passkeyForm // BindScript checks the request; no field is used
	if !web.BindScript(c, &form) {
		return nil
	}
	challenge, err := options()
	if err != nil {
		return passkeyProblem(c, err)
	}
	return web.AnswerScript(c, challenge)
}

func userPasskeyOptions(c buffalo.Context, purpose string) error {
	return passkeyOptions(c, func() (*passkey.Challenge, error) { return currentUser(c).PasskeyOptions(c, purpose) })
}

// passkeyAnswer runs use, and answers with the page to go to.
func passkeyAnswer(c buffalo.Context, status int, use func(form passkeyForm) (page string, err error)) error {
	var form passkeyForm
	if !web.BindScript(c, &form) {
		return nil
	}
	page, err := use(form)
	if err != nil {
		return passkeyProblem(c, err)
	}
	return web.RedirectScript(c, status, page)
}

func passkeyProblem(c buffalo.Context, err error) error {
	status, messageKey := passkey.Problem(err)
	message := codeOrLimitMessage(c, err)
	switch {
	case message != "":
		status = http.StatusTooManyRequests
	case errors.Is(err, models.ErrSecondStepOnly):
		messageKey = "passkey.second_step_only"
	case errors.Is(err, models.ErrRefused): // the passkey is too new to end mailed links
		status, messageKey = http.StatusUnprocessableEntity, "account_security.links_refused"
	case errors.Is(err, errOtherSecondStep):
		status, messageKey = http.StatusUnprocessableEntity, "dead_link.other_second_step"
	case errors.Is(err, passkey.ErrUnusable):
		return c.Error(http.StatusNotFound, err)
	case errors.Is(err, models.ErrBadCredentials) && currentSession(c) != nil:
		return changedMeanwhile(c, err)
	case errors.Is(err, models.ErrSessionEnded), errors.Is(err, models.ErrNotFound), errors.Is(err, models.ErrBadCredentials):
		return c.Error(http.StatusUnauthorized, errLoggedOut) // also if a login that waits for its second step has expired
	case status == 0:
		return err
	}
	members := map[string]any{}
	if status == http.StatusNotFound && !errors.Is(err, models.ErrDeletedAccount) { // the browser may forget the passkey: no undo restores it
		members["forget"] = true
	}
	if message == "" {
		web.Info(c).Event("passkey refused")
		message = T.Translate(c, messageKey)
	}
	web.WriteProblemWith(c.Response(), status, message, members)
	return nil
}

func AccountSecurityLinksOptions(c buffalo.Context) error {
	return userPasskeyOptions(c, models.PasskeyLinks+c.Param("id"))
}

func endLinksByPasskey(c buffalo.Context) error {
	return passkeyAnswer(c, http.StatusOK, func(form passkeyForm) (string, error) {
		err := currentUser(c).EndLinksByPasskey(c, c.Param("id"), form.Answer, clientOf(c))
		if errors.Is(err, models.ErrNotFound) {
			return "/account/security", nil // another tab was first
		}
		if err == nil {
			web.Info(c).Event("links ended")
			c.Flash().Add("success", "account_security.links_ended")
		}
		return "/account/security", err
	})
}
