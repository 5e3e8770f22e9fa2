package actions

import (
	"errors"
	"fmt"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/pop/v6"

	"corral/internal/oidc"
	"corral/internal/web"
	"corral/models"
)

// AuthShow is GET /auth/{provider}: redirects to the provider. GET, because form-action of the
// content security policy blocks redirects after a POST.
func AuthShow(c buffalo.Context) error { return goToProvider(c, toLogIn, oidc.NewFlow()) }

// AuthCallbackShow is GET /auth/{provider}/callback, to which the provider redirects: logs in,
// links the identity, or confirms.
func AuthCallbackShow(c buffalo.Context) error {
	return withProvider(c, func(p *provider) error {
		// A wrong state is no failed attempt: another site could fill the client's bucket by images.
		state, err := states.OpenFor(c.Session(), p, c.Param("state"))
		if err == nil && state.BoundTo != boundTo(c, state.Purpose) {
			err = fmt.Errorf("%w: it belongs to another session", oidc.ErrState)
		}
		if err != nil {
			return providerFailed(c, p, nil, err)
		}
		if state.Purpose == toLink && !currentSession(c).Confirmed() { // the confirmation has expired meanwhile
			web.Info(c).Event("guard refused")
			return backFromProvider(c, state, "sudo.needed")
		}
		if state.Purpose == toLink && currentUser(c).MustEnrol() {
			return askToEnrol(c)
		}
		var identity oidc.Identity
		answer := oidc.Answer{Code: c.Param("code"), Iss: c.Param("iss"), Error: c.Param("error")}
		err = models.AttemptWithProvider(c, clientOf(c), answer, func(tx *pop.Connection) (err error) {
			identity, err = p.Complete(c, tx, state, answer)
			return err
		})
		switch {
		case errors.Is(err, oidc.ErrAnswer), errors.Is(err, oidc.ErrState), errors.As(err, new(*models.RateLimited)):
			return providerFailed(c, p, state, err)
		case err != nil:
			return err
		case state.Purpose == toLink:
			return respondAdded(c, p, currentUser(c).AddIdentity(c, identity, clientOf(c)))
		case state.Purpose == toConfirm:
			return confirmWithIdentity(c, p, state, identity)
		}
		return logInWithIdentity(c, p, state, identity)
	})
}

// logInWithIdentity logs in, or asks for the second step, as LoginCreate does. For an unknown
// identity with an email, it redirects to /check-mail, whether or not the email has an account:
// prevents enumeration.
func logInWithIdentity(c buffalo.Context, p *provider, state *oidc.State, identity oidc.Identity) error {
	client := clientOf(c)
	client.Next = state.Next
	session, step, err := models.LogInWithIdentity(c, identity, client)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return requestIdentityLink(c, p, state, identity, client)
	case err != nil:
		return err
	case step != nil:
		keepSecondStep(c, step)
		return redirect(c, "loginSecondPath()")
	}
	return redirectTo(c, logInTo(c, session, state.Next))
}

// requestIdentityLink mails a link to the email of an unknown identity, if it has an email.
func requestIdentityLink(c buffalo.Context, p *provider, state *oidc.State, identity oidc.Identity, client models.Client) error {
	pending, err := models.RequestIdentity(c, identity, models.ParsePendingIdentity(web.SessionText(c, pendingKey)), language(c), client)
	if message := codeOrLimitMessage(c, err); message != "" {
		return backFromProvider(c, state, message)
	}
	if err != nil {
		return err
	}
	if pending == nil {
		c.Flash().Set("danger", []string{T.Translate(c, "provider.no_email", map[string]any{"name": p.Name})})
		page := "/login"
		if settings.SignupOpen {
			page = "/signup"
		}
		return redirectTo(c, web.WithNext(page, state.Next))
	}
	mailedTo := "" // CheckMailShow reads the pending identity's email: the cookie has no room for it twice
	if !keepPending(c, pending) {
		mailedTo = pending.Email
		c.Flash().Set("warning", []string{T.Translate(c, "provider.too_long", map[string]any{"name": p.Name})})
	}
	web.Info(c).EmailDigest = models.EmailDigest(pending.Email)
	web.Info(c).Event("signup requested")
	return askToCheckMail(c, mailedTo, models.PurposeIdentity, state.Next)
}
