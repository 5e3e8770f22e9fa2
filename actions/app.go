// Package actions holds the handlers: one file per page, one function per route.
package actions

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/gobuffalo/buffalo"

	"corral/config"
	"corral/internal/route"
	"corral/internal/web"
)

// routes is the table of routes with their guards, marks, and limits that differ from
// the defaults: post("/photos", user, PhotosCreate, maxBody(20<<20)). Any other
// route is for logged-in users, unless app.Middleware.Skip(Authorize, handler)
// makes it public. The router tries routes in order: the first are the fastest.
//
// mark(enrol) keeps a route open to a user who must set up a second step; mark(enrolByLink)
// does so only if the session has redeemed a mailed link: see models.Session.MayEnrol.
var routes = route.Table{
	// Logged-in users.
	get("/", user, HomeShow),
	get("/logout", user, LogoutNew, mark(enrol)),
	get("/account", user, AccountShow),
	get("/account/security", user, AccountSecurityShow, mark(enrol)),
	del("/account/security/browsers", user, AccountSecurityBrowsersDestroyAll), // browsers that skip the second step
	del("/account/security/browsers/{id}", user, AccountSecurityBrowsersDestroy),
	post("/account/security/undo", user, AccountSecurityUndoCreate),
	get("/account/security/enrol/{token}", user, AccountSecurityEnrolNew, mark(enrol)),
	post("/account/security/enrol/{token}", user, AccountSecurityEnrolCreate, mark(enrol)),
	get("/account/sessions", user, AccountSessionsIndex),
	del("/account/sessions", user, AccountSessionsDestroyOthers),
	del("/account/sessions/{id}", user, AccountSessionsDestroy),
	get("/account/activity", user, AccountActivityIndex),
	put("/account/language", user, AccountLanguageUpdate, mark(enrol)),
	get("/account/email/confirm/{token}", user, AccountEmailConfirmNew),
	post("/account/email/confirm/{token}", user, AccountEmailConfirmCreate),
	get("/sudo", user, SudoNew, mark(enrol)),
	post("/sudo", user, SudoCreate, mark(enrol)),
	get("/sudo/{provider}", user, SudoProviderShow, mark(enrol)),
	post("/sudo/passkey", user, SudoPasskeyCreate, mark(enrol)),
	post("/sudo/passkey/options", user, SudoPasskeyOptions, mark(enrol)),

	// Anyone.
	get("/welcome", public, WelcomeShow),
	put("/language", public, LanguageUpdate),
	del("/logout", public, LogoutDestroy),
	get("/auth/{provider}", public, AuthShow),
	get("/auth/{provider}/callback", public, AuthCallbackShow),
	get("/auth/link/{token}", public, AuthLinkNew),
	post("/login/passkey", public, LoginPasskeyCreate),
	post("/login/passkey/options", public, LoginPasskeyOptions),
	get("/login/second", public, LoginSecondNew), // of a login or reset that the cookie holds
	post("/login/second", public, LoginSecondCreate),
	post("/login/second/passkey", public, LoginSecondPasskeyCreate),
	post("/login/second/passkey/options", public, LoginSecondPasskeyOptions),
	get("/signup/password", public, SignupPasswordNew),
	post("/signup/password", public, SignupPasswordCreate),
	get("/signup/identity", public, SignupIdentityNew),
	post("/signup/identity", public, SignupIdentityCreate),
	get("/signup/{token}", public, SignupShow),
	get("/check-mail", public, CheckMailShow),
	get("/password/forgot", public, PasswordForgotNew),
	post("/password/forgot", public, PasswordForgotCreate),
	get("/password/reset", public, PasswordResetEdit),
	put("/password/reset", public, PasswordResetUpdate),
	get("/password/reset/{token}", public, PasswordResetShow),
	get("/not-me/{token}", public, NotMeNew),
	post("/not-me/{token}", public, NotMeCreate),
	get("/.well-known/change-password", public, ChangePasswordShow),
	get("/.well-known/passkey-endpoints", public, PasskeyEndpointsShow),
	get("/healthz", public, HealthzShow),
	get("/readyz", public, ReadyzShow),
	route.New("OPTIONS", "/healthz", public, HealthzShow), // HAProxy's check
	route.New("OPTIONS", "/readyz", public, ReadyzShow),

	// Guests. Logged-in users are redirected to /, except from POST /login: see Authorize.
	get("/login", guest, LoginNew),
	post("/login", guest, LoginCreate),
	get("/signup", guest, SignupNew),
	post("/signup", guest, SignupCreate),

	// Logged-in users whose session was confirmed within the last ten minutes.
	put("/account/password", sudo, AccountPasswordUpdate),
	del("/account/password", sudo, AccountPasswordDestroy),
	put("/account/email", sudo, AccountEmailUpdate),
	del("/account", sudo, AccountDestroy),
	post("/account/security/passkeys", sudo, AccountSecurityPasskeysCreate, mark(enrolByLink)),
	post("/account/security/passkeys/options", sudo, AccountSecurityPasskeysOptions, mark(enrolByLink)),
	put("/account/security/passkeys/{id}", sudo, AccountSecurityPasskeysUpdate),
	del("/account/security/passkeys/{id}", sudo, AccountSecurityPasskeysDestroy),
	post("/account/security/passkeys/{id}/restore", sudo, AccountSecurityPasskeysRestore, mark(enrolByLink)),
	get("/account/security/providers/{provider}", sudo, AccountSecurityProvidersShow),
	del("/account/security/providers/{provider}", sudo, AccountSecurityProvidersDestroy),
	post("/auth/link/{token}", sudo, AuthLinkCreate),
	get("/account/security/totp", sudo, AccountSecurityTOTPNew, mark(enrolByLink)),
	post("/account/security/totp", sudo, AccountSecurityTOTPCreate, mark(enrolByLink)),
	del("/account/security/totp", sudo, AccountSecurityTOTPDestroy, mark(enrolByLink)),
	get("/account/security/totp.svg", sudo, AccountSecurityTOTPImage, mark(enrolByLink)),
	get("/account/security/recovery-codes", sudo, AccountSecurityRecoveryCodesShow),
	post("/account/security/recovery-codes", sudo, AccountSecurityRecoveryCodesCreate),
	del("/account/security/links/{id}", sudo, AccountSecurityLinksDestroy), // "this wasn't me" links that were mailed to former emails
	post("/account/security/links/{id}/options", sudo, AccountSecurityLinksOptions),
	put("/account/security/second-step", sudo, AccountSecuritySecondStepUpdate, mark(enrolByLink)),

	// Development: the outbox.
	get("/dev/mail", local, DevMailIndex),
	get("/dev/mail/{id}", local, DevMailShow),
}

var (
	app     *buffalo.App
	appOnce sync.Once

	settings config.Config
)

// App returns the app of this process. The first call makes it; later calls ignore their
// arguments. Call models.Connect before the app serves.
func App(c config.Config, logger *slog.Logger) *buffalo.App {
	appOnce.Do(func() {
		settings = c
		loadResources(c)
		web.DisablePlugins()
		app = buffalo.New(buffalo.Options{
			Env:            c.Env,
			Addr:           c.Addr,
			Host:           c.Host.String(),
			Logger:         web.BuffaloLogger(logger),
			SessionStore:   newSessionStore(c),
			SessionName:    c.CookieName(sessionCookieName),
			MethodOverride: web.MethodOverride,
		})
		app.Worker = web.NewWorker(app.Worker)
		app.Muxer().SkipClean(true) // prevents an open redirect by //path
		clear(app.ErrorHandlers)    // Buffalo's own, of 404 and 500
		app.ErrorHandlers.Default(renderError)

		// Buffalo's log prints paths, which hold tokens; its panic handler drops the stack.
		app.Middleware.Replace(buffalo.RequestLogger, web.RequestLogger)
		app.Middleware.Replace(app.PanicHandler, web.PanicHandler(app))

		app.Use(web.OnError(withStatus))
		app.Use(Identify)
		app.Use(Translate)
		app.Use(Authorize)                   // closed by default
		app.Use(web.AllowTime, web.ReadBody) // long requests and uploads, after the guards

		// These handlers respond while the database is down.
		app.Middleware.Skip(Identify, HealthzShow, ReadyzShow, LogoutDestroy)

		for _, r := range routes {
			if (c.SignupOpen || !strings.HasPrefix(r.Path+"/", "/signup/")) && (c.Development() || r.Guard != local) {
				must(r.AddTo(app))
			}
		}
	})
	return app
}

// policy is the content security policy of all pages. A handler extends its page's policy
// with web.AllowSource.
var policy = web.DefaultPolicy

var crossOrigin func(path string) bool // see web.Options

// Handler returns app behind package web, which adds limits, headers, assets and the log.
func Handler(app *buffalo.App, c config.Config, logger *slog.Logger, reload http.Handler) http.Handler {
	return web.New(app, web.Options{
		PublicURL:      c.Host,
		HTTPS:          c.Production(),
		HSTSSubdomains: c.HSTSSubdomains,
		LoopbackNames:  !c.Production(),
		TrustedProxies: c.TrustedProxies,
		MaxBody:        routes.MaxBody,
		MaxTime:        routes.MaxTime,
		CrossOrigin:    crossOrigin,
		Policy:         policy,
		Assets:         assetFiles,
		Pages:          publicPages(c),
		Logger:         logger,
		ErrorPage:      errorPage,
		Reload:         reload,
	})
}
