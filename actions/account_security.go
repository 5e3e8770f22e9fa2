package actions

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

func AccountSecurityShow(c buffalo.Context) error { return renderSecurity(c, nil) }

// renderSecurity shows the security page, with messages at the fields of its forms.
func renderSecurity(c buffalo.Context, wrong messages) error {
	user := currentUser(c)
	waiting, waitingErr := models.WaitingChangesOf(c, user)
	mayDecide, mayDecideErr := currentSession(c).MayDecideUndo(c)
	since, sinceErr := user.PasswordSince(c)
	browsers, browsersErr := models.SkipsOf(c, user)
	links, linksErr := models.LostLinksOf(c, user)
	ways, factorsErr := setFactors(c, user)
	if err := errors.Join(
		waitingErr, mayDecideErr, sinceErr, browsersErr, linksErr, factorsErr,
		setRemovedPasskeys(c, user),
		setProviders(c, user),
		setCodesLeft(c, user),
	); err != nil {
		return err
	}
	c.Set("must_enrol", user.MustEnrol())
	c.Set("may_enrol", !user.MustEnrol() || currentSession(c).MayEnrol)
	c.Set("confirmed", currentSession(c).Confirmed())
	c.Set("passwordSince", since)
	c.Set("browsers", browsers)
	c.Set("links", links)
	c.Set("waiting", waiting)
	c.Set("may_decide", mayDecide)
	setProtection(c, ways)
	return renderForm(c, "account_security.title", "account_security/show.plush.html", wrong)
}

// securityChanged answers a change on the security page. If err is nil, it redirects there with a
// message (a key or a text). For ErrRefused it shows the page, with the messages in refused. It
// answers any other error as changedMeanwhile does.
func securityChanged(c buffalo.Context, err error, event, message string, refused messages) error {
	if errors.Is(err, models.ErrRefused) {
		return renderSecurity(c, refused)
	}
	return changed(c, err, event, message, "accountSecurityPath()")
}

// changed answers a change. If err is nil, it redirects to a path helper, with a message (a key or
// a text). It answers an error as changedMeanwhile does.
func changed(c buffalo.Context, err error, event, message, to string) error {
	if err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event(event)
	c.Flash().Add("success", message)
	return redirect(c, to)
}

// changedMeanwhile says that nothing was done if another change came first, or asks to log in
// if the session has ended meanwhile. It returns any other error.
func changedMeanwhile(c buffalo.Context, err error) error {
	if !errors.Is(err, models.ErrBadCredentials) {
		return err
	}
	client := clientOf(c)
	switch _, err := models.FindSession(c, client.RawSessionToken, client); {
	case errors.Is(err, models.ErrNotFound):
		return askToLogIn(c)
	case err != nil:
		return err
	case web.WantsJSON(c.Request()) || !web.IsNavigation(c.Request()):
		return c.Error(http.StatusConflict, errors.New(T.Translate(c, "account_security.changed_meanwhile")))
	}
	c.Flash().Add("danger", "account_security.changed_meanwhile")
	return redirectTo(c, cmp.Or(nextIn(c.Params()), "/account/security"))
}

// setProtection sets how well the account is protected, and what to do next. See setFactors for ways.
func setProtection(c buffalo.Context, ways int) {
	on, t := currentUser(c).SecondStep, T.In(language(c))
	linked, _ := c.Value("linked").(bool) // set by setProviders
	next := map[bool]string{true: t("account_security.next_factor"), false: t("account_security.next_second_step")}[ways == 0]
	var sentences []string
	switch {
	case !on && !currentUser(c).HasPassword() && linked: // the user logs in with a provider
		sentences = []string{t("account_security.protection_provider"), next}
	case !currentUser(c).HasPassword() && !linked: // the user logs in with a passkey
		sentences = []string{t("passkey.alone")}
	case !on && ways == 0:
		sentences = []string{t("account_security.protection_password"), next}
	case !on:
		sentences = []string{t("account_security.protection_factor"), next}
	default:
		sentences = []string{t("account_security.protection_second_step", ways)}
	}
	if on {
		sentences = append(sentences, aboutCodesLeft(c))
		if ways == 1 {
			sentences = append(sentences, t("account_security.next_way"))
		}
	}
	c.Set("protection", sentences)
}

// setFactors sets an account's factors for a page. ways counts all but recovery codes.
func setFactors(c buffalo.Context, user *models.User) (ways int, err error) {
	factors, err := models.FactorsOf(c, user)
	codes := factors.OfKind(models.FactorCodes)
	ways = len(factors) - len(codes)
	c.Set("passkeys", factors.OfKind(models.FactorPasskey))
	c.Set("totp", factors.OfKind(models.FactorTOTP))
	c.Set("codes", codes)
	c.Set("ways", ways)
	return ways, err
}
