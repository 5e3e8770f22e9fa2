// Package actions answers requests: one file a resource, one function a route.
package actions

import (
	"net/http"
	"strings"
	"sync"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/envy"

	"corral/actions/edge"
	"corral/config"
)

// routes is every route with its guard. A route that is not listed is for
// people who are signed in, and a test fails until it is listed.
var routes = []route{
	// Anyone.
	{"GET", "/welcome", public, WelcomeShow},
	{"PUT", "/language", public, LanguageUpdate},
	{"DELETE", "/logout", public, LogoutDestroy},
	{"GET", "/signup/password", public, SignupPasswordNew},
	{"POST", "/signup/password", public, SignupPasswordCreate},
	{"GET", "/signup/{token}", public, SignupShow},
	{"GET", "/check-mail", public, CheckMailShow},
	{"GET", "/password/forgot", public, PasswordForgotNew},
	{"POST", "/password/forgot", public, PasswordForgotCreate},
	{"GET", "/password/reset", public, PasswordResetEdit},
	{"PUT", "/password/reset", public, PasswordResetUpdate},
	{"GET", "/password/reset/{token}", public, PasswordResetShow},
	{"GET", "/account/email/undo/{token}", public, AccountEmailUndoNew},
	{"POST", "/account/email/undo/{token}", public, AccountEmailUndoCreate},
	{"GET", "/.well-known/change-password", public, ChangePasswordShow},
	{"GET", "/healthz", public, HealthzShow},
	{"GET", "/readyz", public, ReadyzShow},

	// Guests only: a person who is signed in is sent home.
	{"GET", "/login", guest, LoginNew},
	{"POST", "/login", guest, LoginCreate},
	{"GET", "/signup", guest, SignupNew},
	{"POST", "/signup", guest, SignupCreate},

	// Signed in.
	{"GET", "/", user, HomeShow},
	{"GET", "/logout", user, LogoutNew},
	{"GET", "/account", user, AccountShow},
	{"DELETE", "/account", user, AccountDestroy},
	{"GET", "/account/sessions", user, AccountSessionsIndex},
	{"DELETE", "/account/sessions", user, AccountSessionsDestroyOthers},
	{"DELETE", "/account/sessions/{id}", user, AccountSessionsDestroy},
	{"GET", "/account/activity", user, AccountActivityIndex},
	{"PUT", "/account/language", user, AccountLanguageUpdate},
	{"PUT", "/account/password", user, AccountPasswordUpdate},
	{"PUT", "/account/email", user, AccountEmailUpdate},
	{"GET", "/account/email/confirm/{token}", user, AccountEmailConfirmNew},
	{"POST", "/account/email/confirm/{token}", user, AccountEmailConfirmCreate},
}

var (
	app     *buffalo.App
	appOnce sync.Once
)

// App is the app of this process, under the configuration of its environment.
func App() *buffalo.App {
	appOnce.Do(func() {
		app = New(config.MustCurrent())
	})
	return app
}

// New returns an app. The handlers share models.DB, which must be connected.
func New(c config.Config) *buffalo.App {
	withoutPlugins()
	app := buffalo.New(buffalo.Options{
		Env:          c.Env,
		Addr:         c.Addr,
		Host:         c.Host.String(),
		Logger:       quietLogger(),
		SessionStore: newSessionStore(c),
		SessionName:  sessionCookieName(c),

		MethodOverride: edge.MethodOverride,
	})
	app.Muxer().SkipClean(true) // its redirect of //path is not ours to vouch for
	for status := range errorKeys {
		app.ErrorHandlers[status] = renderError
	}
	app.ErrorHandlers.Default(renderError)

	// Buffalo's own log prints paths, which hold tokens, and its panic handler
	// drops the stack: the edge does both.
	app.Middleware.Remove(buffalo.RequestLogger, app.PanicHandler)

	app.Use(configure(&c)) // what the handlers may ask configOf
	app.Use(noteRoute)     // what the log may say of the path
	app.Use(Identify)      // who is asking
	app.Use(Translate)     // in which language
	app.Use(Authorize)     // closed by default: the guards of the table above

	// They answer whoever asks, also while there is no database to identify by.
	app.Middleware.Skip(Identify, HealthzShow, ReadyzShow)

	if c.Development() {
		addDevMail(app)
	}
	for _, r := range routes {
		if c.SignupOpen || !strings.HasPrefix(r.path, "/signup") {
			r.addTo(app)
		}
	}
	lean(app)
	return app
}

// Edge returns app with all that stands between it and the socket.
func Edge(app *buffalo.App, c config.Config, reload http.Handler) http.Handler {
	return edge.New(app, edge.Options{
		Config:    c,
		Assets:    assetFiles,
		Pages:     publicPages(c),
		Logger:    edge.NewLogger(logOutput, c),
		ErrorPage: errorPage,
		Reload:    reload,
	})
}

// configure gives the handlers the app's configuration.
func configure(conf *config.Config) buffalo.MiddlewareFunc {
	return func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			c.Set("config", conf)
			return next(c)
		}
	}
}

// configOf is the configuration of the app that answers.
func configOf(c buffalo.Context) *config.Config { return c.Value("config").(*config.Config) }

// withoutPlugins spends the one look that Buffalo takes for plugins. It would
// run every buffalo-* program below ./plugins and $GOPATH/bin, and write a
// cache to the home folder; in test mode it does neither.
func withoutPlugins() {
	envy.Temp(func() {
		envy.Set("GO_ENV", config.Test)
		buffalo.LoadPlugins()
	})
}
