package actions

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/web"
	"corral/models"
)

// requestLink handles the form of a page that mails a link. Prevents account
// enumeration: the response tells nothing about the email.
func requestLink(c buffalo.Context, purpose string, show func(c buffalo.Context, typed, message string) error) error {
	var form emailForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	normalized, ok := email.Normalize(form.Email)
	if !ok {
		return show(c, form.Email, T.Translate(c, "email.invalid"))
	}
	web.Info(c).EmailDigest = models.EmailDigest(normalized)
	err := models.RequestLink(c, purpose, normalized, language(c), clientOf(c))
	if message := codeOrLimitMessage(c, err); message != "" {
		return show(c, form.Email, message)
	}
	if err != nil {
		return err
	}
	if purpose == models.PurposeSignup {
		web.Info(c).Event("signup requested")
	} else {
		web.Info(c).Event("reset requested")
	}
	return askToCheckMail(c, form.Email, purpose, nextIn(c.Params()))
}

// linkForm is the form behind a mailed link, which sets a password.
type linkForm struct {
	key   string // the key of the token in Buffalo's session
	path  string
	find  func(ctx context.Context, rawToken string) (*models.Token, error)
	page  func(c buffalo.Context, message string) error
	check func(c buffalo.Context, token *models.Token) error // or nil; deadLink handles its error
}

// open moves the token from the link to the session, so that it is not in the address bar
// and the history. It does not redeem the token: mail scanners follow links.
func (l linkForm) open(c buffalo.Context) error {
	rawToken := c.Param("token")
	if _, err := l.find(c, rawToken); err != nil {
		return deadLink(c, err)
	}
	c.Session().Set(l.key, rawToken)
	return redirectTo(c, l.path)
}

func (l linkForm) show(c buffalo.Context) error {
	if _, _, err := l.opened(c); err != nil {
		return deadLink(c, err)
	}
	return l.page(c, "")
}

var errUnopened = errors.New("no mailed link was opened, or the browser keeps no cookies")

// opened returns the token that open put into the session, or an error for deadLink. It sets what
// the pages of a form show.
func (l linkForm) opened(c buffalo.Context) (rawToken string, token *models.Token, err error) {
	rawToken, ok := c.Session().Get(l.key).(string)
	if !ok {
		return "", nil, errUnopened
	}
	if token, err = l.find(c, rawToken); err == nil && l.check != nil {
		err = l.check(c, token)
	}
	if err == nil {
		c.Set("email", token.Email)
		c.Set("link", models.FormDigests(rawToken)[0])
	}
	return rawToken, token, err
}

// submit calls save with the token and the password. It refuses a form that was rendered
// for another link: an attacker's page may have opened that link since, and the user would
// set the password of the attacker's account. It accepts a form without a digest, which no
// page of this app sends: the cross-origin check has refused other sites.
func (l linkForm) submit(c buffalo.Context, save func(rawToken string, token *models.Token, password string) error) error {
	return l.submitForm(c, func(form newPasswordForm, rawToken string, token *models.Token) error {
		password, messageKey := models.PasswordPolicy.Check(form.Password, token.Email)
		if messageKey != "" {
			return l.page(c, passwordMessage(c, messageKey))
		}
		return save(rawToken, token, password)
	})
}

// submitForm is submit without the check of a password.
func (l linkForm) submitForm(c buffalo.Context, save func(form newPasswordForm, rawToken string, token *models.Token) error) error {
	var form newPasswordForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	rawToken, token, err := l.opened(c)
	if form.Link != "" && !slices.Contains(models.FormDigests(rawToken), form.Link) {
		return renderDeadLink(c, http.StatusUnprocessableEntity, "dead_link.other_link_title", "dead_link.other_link", shown(form.Email))
	}
	if err != nil {
		return deadLink(c, err)
	}
	return deadLink(c, save(form, rawToken, token))
}

// deadLink says why a mailed link, or the form behind it, was refused, and how to get a new
// one. It redirects the logged-in owner of a used link home, and returns other errors and nil.
func deadLink(c buffalo.Context, err error) error {
	var other *models.OtherAccountError
	var dead *models.DeadToken
	session := currentSession(c)
	if errors.As(err, &dead) {
		web.Info(c).EmailDigest = models.EmailDigest(dead.Token.Email)
		c.Set("next", returnPath(dead.Token.Next))
	}
	switch {
	case errors.As(err, &other):
		text := map[bool]string{true: "dead_link.other_change", false: "dead_link.other_account"}[other.Changes]
		return renderDeadLink(c, http.StatusNotFound, "dead_link.other_account_title", text, other.Email)
	case errors.Is(err, models.ErrSecondStep):
		return redirect(c, "loginSecondPath()")
	case errors.Is(err, errUnopened):
		return renderDeadLink(c, http.StatusNotFound, "dead_link.title", "dead_link.unopened", "")
	case !errors.Is(err, models.ErrNotFound):
		return err
	case dead == nil:
		return renderDeadLink(c, http.StatusNotFound, "dead_link.title", "dead_link.wrong", "")
	case !dead.Redeemed && dead.Token.Purpose == models.PurposeUndo:
		return renderDeadLink(c, http.StatusNotFound, "dead_link.title", "dead_link.expired_not_me", "")
	case !dead.Redeemed:
		return renderDeadLink(c, http.StatusNotFound, "dead_link.title", "dead_link.expired", "")
	case session != nil && (dead.Token.Email == session.User.Email || dead.Token.UserID.UUID == session.UserID):
		return redirect(c, "rootPath()")
	}
	return renderDeadLink(c, http.StatusNotFound, "dead_link.used_title", "dead_link.used", "")
}

func renderDeadLink(c buffalo.Context, status int, title, text, email string) error {
	web.Info(c).Event("token refused")
	names := map[string]any{"email": email}
	if session := currentSession(c); session != nil {
		names["current"] = session.User.Email
	}
	message := T.Translate(c, text, names)
	if web.WantsJSON(c.Request()) {
		web.WriteProblem(c.Response(), status, message, nil)
		return nil
	}
	c.Set("title", title)
	c.Set("status", status)
	c.Set("message", message)
	c.Set("reset", strings.HasPrefix(c.Request().URL.Path, "/password/reset"))
	keepNext(c)
	return c.Render(status, r.HTML("dead_link/show.plush.html"))
}
