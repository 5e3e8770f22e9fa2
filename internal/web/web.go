// Package web serves a Buffalo app. It handles what Buffalo's middleware never
// sees: 404s, static files, and panics before routing.
//
//	handler := web.New(app, web.Options{
//		PublicURL: publicURL,
//		Assets:    assets,
//		Logger:    web.NewLogger(os.Stdout, slog.LevelInfo, true),
//		ErrorPage: errorPage,
//	})
//	server, err := web.Listen(web.ListenOptions{Addr: "127.0.0.1:3000"}, handler, logger)
//	…
//	return app.Serve(server)
//
// Give the app's options MethodOverride and BuffaloLogger, replace Buffalo's request
// logger by RequestLogger and remove its panic handler. Info returns the request
// info.
//
// # Bodies
//
// Any content type passes. New reads urlencoded forms, up to MaxBody of the path.
// The handler reads other bodies, by c.Bind or as a stream, and ParseMultipart
// parses uploads after the guards. The app's error handler answers 413 to errors
// that satisfy TooLarge.
//
// # Time
//
// A request's context ends after MaxTime of its path, the connection's deadlines 15
// seconds later; Controller sets others. Urlencoded forms must arrive within 15
// seconds. Streams, long downloads and WebSockets need a MaxTime of their own, and
// end as Server.Shutdown says.
//
// # Headers
//
// Every response has the security headers, which handlers may replace. Options and
// AllowSource extend the content security policy, DefaultPolicy.
//
// # Log
//
// NewLogger's lines have listed keys only. Each request writes one, with the ID that
// the response has as X-Request-Id and its first Info(c).Event; a second one and
// Info(c).Error write others.
// LogBuffer keeps a reader of the log that stalls or dies from stopping the app.
// AppLogger, BuffaloLogger and RequestLogger add the app's own lines, with all their
// attributes.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Options describes the app to New.
type Options struct {
	PublicURL      *url.URL                        // HOST
	HTTPS          bool                            // production: http is redirected or refused, HSTS is sent
	HSTSSubdomains bool                            // HSTS covers the public URL's subdomains too
	LoopbackNames  bool                            // development and tests: loopback names are accepted too
	TrustedProxies []netip.Prefix                  // X-Forwarded-For and X-Forwarded-Proto are trusted from these
	MaxBody        func(path string) int64         // bytes; nil: 1 MiB
	MaxTime        func(path string) time.Duration // 0: unlimited; nil: 15 s
	Policy         Policy                          // of every response; "": DefaultPolicy
	Assets         *Assets
	Pages          Pages
	Logger         *slog.Logger
	ErrorPage      ErrorPage
	Reload         http.Handler // LiveReload in development, or nil
}

// ErrorPage writes the app's page or problem for a status of 400 or more.
type ErrorPage func(w http.ResponseWriter, r *http.Request, status int)

// New returns the handler to serve: app inside the chain. Requests pass from the
// last line to the first.
func New(app http.Handler, o Options) http.Handler {
	if o.MaxBody == nil {
		o.MaxBody = func(string) int64 { return defaultMaxBody }
	}
	if o.MaxTime == nil {
		o.MaxTime = func(string) time.Duration { return defaultMaxTime }
	}
	h := limitTime(app, o.MaxTime)             // bounds the time a request waits for the database
	h = keepPages(h, o.Pages)                  // renders pages without a session once
	h = limitBody(h, o)                        // before Buffalo reads forms
	h = refuseCrossOrigin(h, o)                // prevents cross-site request forgery
	h = o.Assets.serve(h, o.ErrorPage)         // files need none of the above
	h = serveReload(h, o.Reload)               // development only
	h = requireHTTPS(h, o)                     // production only
	h = requireHost(h, o)                      // prevents poisoned links and DNS rebinding
	h = setHeaders(h, o)                       // on every response
	h = recoverPanics(h, o.ErrorPage)          // keeps the connection
	h = observe(h, o.Logger, o.TrustedProxies) // makes the request info, logs the request
	return h
}
