package actions

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/gobuffalo/buffalo"

	"corral/config"
	"corral/internal/oidc"
	"corral/internal/secret"
	"corral/internal/web"
	"corral/models"
)

type provider = oidc.Provider

// App sets these.
var (
	providers oidc.Providers
	states    oidc.States
)

func loadProviders(c config.Config) {
	providers, states = nil, oidc.States{Secrets: secret.NewRing("corral", c.SessionSecrets), Now: models.Clock.Now}
	for _, p := range c.Providers {
		providers = append(providers, oidc.New(oidc.Config{
			ID: p.ID, Name: p.Name, Issuer: p.Issuer.String(), ClientID: p.ClientID, ClientSecret: p.ClientSecret,
			RedirectURL: c.Host.String() + "/auth/" + p.ID + "/callback", Now: models.Clock.Now,
		}))
	}
}

// withProvider runs handle with the provider of the path.
func withProvider(c buffalo.Context, handle func(p *provider) error) error {
	p := providers.ByID(c.Param("provider"))
	if p == nil {
		return c.Error(http.StatusNotFound, errors.New("no such provider"))
	}
	return handle(p)
}

// Purposes of a redirect to a provider.
const (
	toLogIn   = "login"
	toLink    = "link"
	toConfirm = "confirm"
)

// pendingKey is the key of a models.PendingIdentity in Buffalo's session.
const pendingKey = "pending"

// goToProvider redirects to the provider, from pages of this app only: an attacker's page
// must not log the browser in, or link the browser's account at the provider.
func goToProvider(c buffalo.Context, purpose string, flow oidc.Flow) error {
	return withProvider(c, func(p *provider) error {
		if !web.FromOwnPage(c.Request()) {
			web.Info(c).Event("cross-origin refused")
			return c.Error(http.StatusForbidden, errors.New("a login with a provider begins on a page of this site"))
		}
		state := oidc.State{Flow: flow, Purpose: purpose, BoundTo: boundTo(c, purpose), Next: nextIn(c.Params())}
		location, err := states.Begin(c, c.Session(), p, state)
		if err != nil {
			return providerFailed(c, p, &state, err)
		}
		return redirectTo(c, location)
	})
}

// boundTo identifies the session that links an identity or confirms. For a login it returns "".
func boundTo(c buffalo.Context, purpose string) string {
	if session := currentSession(c); session != nil && purpose != toLogIn {
		return session.ID.String() + " of " + session.UserID.String()
	}
	return ""
}

// providerFailed redirects to the page where the login began, with a message, and logs the
// cause for the operator. The state is nil if the provider's answer has no valid state.
func providerFailed(c buffalo.Context, p *provider, state *oidc.State, err error) error {
	if message := codeOrLimitMessage(c, err); message != "" {
		return backFromProvider(c, state, message)
	}
	if errors.Is(err, oidc.ErrUnavailable) {
		web.Info(c).Event("provider unavailable")
	}
	web.Info(c).Event("provider refused")
	if errors.Is(err, oidc.ErrNoSecret) && noCookies(c) {
		return redirectTo(c, "/login?cookies=none")
	}
	slog.WarnContext(c, "provider failed", "provider", p.ID, "error", err)
	return backFromProvider(c, state, T.Translate(c, oidc.MessageKey(err), map[string]any{"name": p.Name}))
}

func backFromProvider(c buffalo.Context, state *oidc.State, message string) error {
	c.Response().Header().Del("Retry-After") // codeOrLimitMessage sets it for a 429; this is a redirect
	c.Flash().Set("danger", []string{message})
	page, next := "", ""
	if state != nil {
		page, next = map[string]string{toLink: "/account/security", toConfirm: "/sudo"}[state.Purpose], state.Next
	}
	return redirectTo(c, web.WithNext(cmp.Or(page, "/login"), next))
}

// pendingIdentity returns the browser's pending identity and its provider, or nil, nil.
func pendingIdentity(c buffalo.Context) (*models.PendingIdentity, *provider) {
	pending := models.ParsePendingIdentity(web.SessionText(c, pendingKey))
	p := providers.ByIssuer(pending.Issuer)
	if p == nil { // no identity, or its provider is no longer configured
		return nil, nil
	}
	return pending, p
}

// maxPending, in bytes, leaves room in the cookie, which is limited to 4 KB, for two opened
// links and a login that waits for its second step.
const maxPending = 360

// keepPending keeps the identity for this browser, unless it is too long: the mailed link then
// signs up or logs in without it.
func keepPending(c buffalo.Context, pending *models.PendingIdentity) (kept bool) {
	if len(strconv.Quote(pending.Raw())) > maxPending { // its length in the cookie, at most
		c.Session().Delete(pendingKey)
		return false
	}
	c.Session().Set(pendingKey, pending.Raw())
	return true
}

// restorePending puts the pending identity that the session had before the login back into
// the cleared session, if its email is the user's.
var restorePending = web.Restorer(pendingKey, func(raw string, user *models.User) bool {
	return models.ParsePendingIdentity(raw).Email == user.Email
})
