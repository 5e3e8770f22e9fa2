package models_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/config"
	"corral/internal/oidc"
	"corral/internal/oidc/oidctest"
	"corral/models"
	"corral/models/modelstest"
)

const (
	issuer, otherIssuer = "https://accounts.example", "https://other.example"
	goneIssuer          = "https://gone.example" // is not configured
)

// configureProviders configures two providers until the end of the test.
func (ms *ModelSuite) configureProviders() {
	ms.configure(func(c *config.Config) {
		for _, name := range []string{issuer, otherIssuer} {
			u, err := url.Parse(name)
			ms.NoError(err)
			c.Providers = append(c.Providers, config.Provider{Issuer: u})
		}
	})
}

func identityOf(issuer, subject string) oidc.Identity {
	return oidc.Identity{Issuer: issuer, Subject: subject, Email: subject + "@example.com"}
}

func (ms *ModelSuite) addIdentity(email, issuer, subject string) {
	ms.NoError(ms.user(email).AddIdentity(ms.T().Context(), identityOf(issuer, subject), here))
}

func (ms *ModelSuite) identities(email string) (subjects []string) {
	list, err := models.IdentitiesOf(ms.T().Context(), ms.user(email))
	ms.NoError(err)
	subjects = []string{}
	for _, i := range list {
		subjects = append(subjects, i.Subject)
	}
	return subjects
}

// withIdentity creates an account with an identity and no password.
func (ms *ModelSuite) withIdentity(email string) {
	_, err := models.CreateUser(ms.T().Context(), email, "")
	ms.NoError(err)
	ms.addIdentity(email, issuer, "ada")
}

func (ms *ModelSuite) removeIdentity(email, issuer string) error {
	return ms.user(email).RemoveIdentity(ms.T().Context(), issuer, here)
}

// Concurrent requests remove only one of an account's last two ways in.
func (ms *ModelSuite) Test_Identity_ConcurrentRemovals() {
	ms.configureProviders()
	for range 5 {
		modelstest.Empty(ms.T())
		ms.withIdentity("ada@example.com")
		ms.addIdentity("ada@example.com", otherIssuer, "ada")
		errs := make([]error, 2)
		var removing sync.WaitGroup
		for i, name := range []string{issuer, otherIssuer} {
			user := ms.user("ada@example.com")
			removing.Go(func() { errs[i] = user.RemoveIdentity(ms.T().Context(), name, here) })
		}
		removing.Wait()
		ms.Len(ms.identities("ada@example.com"), 1)
		ms.False(errs[0] == nil && errs[1] == nil)
	}
}

// If two accounts add the same identity at the same time, one of them gets the identity.
func (ms *ModelSuite) Test_Identity_ConcurrentAdditions() {
	for range 5 {
		modelstest.Empty(ms.T())
		users := []*models.User{ms.signUp("ada@example.com"), ms.signUp("bob@example.com")}
		errs := make([]error, len(users))
		var adding sync.WaitGroup
		for i, user := range users {
			adding.Go(func() { errs[i] = user.AddIdentity(ms.T().Context(), identityOf(issuer, "ada"), here) })
		}
		adding.Wait()
		ms.NotEqual(errs[0] == nil, errs[1] == nil)
		ms.ErrorIs(errors.Join(errs...), models.ErrIdentityTaken)
		ms.Len(append(ms.identities("ada@example.com"), ms.identities("bob@example.com")...), 1)
	}
}

// Prevents an attacker from keeping a way in: an undo removes all identities at once. The
// attacker may log in to one provider as the owner, and have added another identity.
func (ms *ModelSuite) Test_Identity_UndoRemovesAll() {
	ms.undoRemovesAllIdentities(func() {})
	ms.False(ms.user("ada@example.com").SecondStep)
}

// undoRemovesAllIdentities calls change before the attacker adds an identity.
func (ms *ModelSuite) undoRemovesAllIdentities(change func()) {
	ms.signUp("ada@example.com")
	ms.addIdentity("ada@example.com", issuer, "ada")
	first := modelstest.Link(ms.T(), "ada@example.com", models.MailIdentityAdded)
	change()
	ms.addIdentity("ada@example.com", otherIssuer, "mallory")
	found, err := models.FindNotMe(ms.T().Context(), modelstest.Link(ms.T(), "ada@example.com", models.MailIdentityAdded))
	ms.NoError(err)
	ms.Equal(&models.NotMe{UserID: ms.user("ada@example.com").ID, Email: "ada@example.com", Template: models.MailIdentityAdded, Kinds: []string{models.ActivityIdentityAdded}}, found)
	ms.notMe(models.MailIdentityAdded)
	ms.Empty(ms.identities("ada@example.com"))
	ms.ErrorIs(ms.logInWithIdentity("mallory", otherIssuer), models.ErrNotFound)
	ms.ErrorIs(ms.logInWithIdentity("ada", issuer), models.ErrNotFound)
	ms.NoError(models.Undo(ms.T().Context(), first, here), "the older link still works")
	ms.Empty(ms.identities("ada@example.com"), "no identity comes back")
}

func (ms *ModelSuite) logInWithIdentity(subject, issuer string) error {
	_, _, err := models.LogInWithIdentity(ms.T().Context(), identityOf(issuer, subject), here)
	return err
}

// No other account can add a removed identity for nine days.
func (ms *ModelSuite) Test_Identity_StaysTakenWhileItIsKept() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	eve := ms.signUp("eve@example.com")
	ms.addIdentity("ada@example.com", issuer, "ada")
	ms.NoError(ms.removeIdentity("ada@example.com", issuer))
	ms.later(9*day - time.Second)
	ms.ErrorIs(eve.AddIdentity(ms.T().Context(), identityOf(issuer, "ada"), here), models.ErrIdentityTaken)
	ms.later(time.Second)
	ms.NoError(eve.AddIdentity(ms.T().Context(), identityOf(issuer, "ada"), here))
}

// An account can add its removed identity again, with a new email.
func (ms *ModelSuite) Test_Identity_AddedAgain() {
	ms.signUp("ada@example.com")
	ms.addIdentity("ada@example.com", issuer, "ada")
	ms.NoError(ms.logInWithIdentity("ada", issuer))
	ms.NoError(ms.removeIdentity("ada@example.com", issuer))
	claimed := identityOf(issuer, "ada")
	claimed.Email = "no email"
	ms.NoError(ms.user("ada@example.com").AddIdentity(ms.T().Context(), claimed, here))
	list, err := models.IdentitiesOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Len(list, 1)
	ms.Empty(list[0].Email)
	ms.False(list[0].LastUsedAt.Valid)
	ms.Equal(1, ms.count("identities"))
}

func (ms *ModelSuite) Test_Identity_OfADeletedAccount() {
	ms.signUp("ada@example.com")
	ms.addIdentity("ada@example.com", issuer, "ada")
	ms.NoError(ms.user("ada@example.com").Delete(ms.T().Context(), here))
	ms.ErrorIs(ms.logInWithIdentity("ada", issuer), models.ErrNotFound)
	ms.NoError(models.Undo(ms.T().Context(), modelstest.Link(ms.T(), "ada@example.com", models.MailAccountDeleted), here))
	ms.ErrorIs(ms.logInWithIdentity("ada", issuer), models.ErrNotFound, "the undo removed the identity")
}

// The template of a mail to an unknown identity is decided at the delivery.
func (ms *ModelSuite) Test_Identity_MailIsResolved() {
	request := func(email string) (template string) {
		_, err := models.RequestIdentity(ms.T().Context(), oidc.Identity{Issuer: issuer, Subject: "x", Email: email}, new(models.PendingIdentity), "", here)
		ms.NoError(err)
		ms.True(ms.mail(email).LowPriority, "prevents a flood, as for sign-ups")
		template, _ = ms.resolved(email)
		return template
	}
	ms.signUp("ada@example.com")
	ms.NoError(ms.signUp("bob@example.com").Delete(ms.T().Context(), here))
	ms.Equal(models.MailIdentityLink, request("ada@example.com"))
	ms.Equal(models.MailIdentity, request("carol@example.com"))
	ms.Equal(models.MailEmailReserved, request("bob@example.com"))

	ms.configure(func(c *config.Config) { c.SignupOpen = false })
	ms.Equal(models.MailIdentityLink, request("ada@example.com"))
	ms.Empty(request("carol@example.com"), "sign-up is closed")
	ms.Equal(models.MailEmailReserved, request("bob@example.com"))
}

// If the mail is withheld, the link of the mail before works, but only for its own identity.
func (ms *ModelSuite) Test_Identity_WithheldMail() {
	request := func(subject string, before *models.PendingIdentity) *models.PendingIdentity {
		claimed := oidc.Identity{Issuer: issuer, Subject: subject, Email: "ada@example.com"}
		p, err := models.RequestIdentity(ms.T().Context(), claimed, before, "", here)
		ms.NoError(err)
		return p
	}
	adas := request("ada", new(models.PendingIdentity))
	link := modelstest.Link(ms.T(), "ada@example.com", models.MailIdentity)
	ms.requestSignup("ada@example.com")
	ms.requestSignup("ada@example.com")
	ms.True(request("ada", adas).IsFor(link))
	ms.False(request("eve", adas).IsFor(link))
}

// A client must not be able to hide failed attempts by disconnecting while the provider answers.
func (ms *ModelSuite) Test_AttemptWithProvider_Disconnecting() {
	models.Clock.Stop()
	provider := oidctest.New(ms.T())
	answer := oidc.Answer{Code: "guessed", Iss: provider.URL}
	p := oidc.New(oidc.Config{Issuer: provider.URL, ClientID: provider.ClientID, ClientSecret: provider.ClientSecret})
	attempt := func(ctx context.Context, token http.HandlerFunc) error {
		provider.Behave(oidctest.Behaviour{Endpoints: map[string]http.HandlerFunc{oidctest.TokenPath: token}})
		return models.AttemptWithProvider(ctx, here, answer, func(*pop.Connection) error {
			return errorOf(p.Finish(ctx, oidc.NewFlow(), answer))
		})
	}
	for range 10 {
		down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
		ms.ErrorIs(attempt(ms.T().Context(), down), oidc.ErrUnavailable)
	}
	for range 10 {
		ctx, disconnect := context.WithCancel(ms.T().Context())
		ms.ErrorIs(attempt(ctx, func(_ http.ResponseWriter, r *http.Request) { disconnect(); <-r.Context().Done() }), oidc.ErrUnavailable)
	}
	var limited *models.RateLimited
	ms.ErrorAs(attempt(ms.T().Context(), nil), &limited)
}
