// Package web stands between the socket and a Buffalo app. It does once, for
// every response whoever writes it, what Buffalo's middleware cannot: that sees
// neither a 404 nor a static file nor a panic before routing.
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
// The app is made with MethodOverride and BuffaloLogger in its options, with
// RequestLogger in the place of Buffalo's and without Buffalo's panic handler. It
// asks Info about the request.
//
// # Bodies
//
// Any content type passes. New reads a urlencoded form, up to MaxBody of the path;
// Buffalo parses no other body before the app's middleware. It stays on the
// connection until the handler reads it, by c.Bind or as a stream; the middleware
// ParseMultipart parses uploads behind the guards. An error of which TooLarge is
// true becomes a 413 in the app's error handler.
//
// # Time
//
// The context of a request ends after MaxTime of its path, the connection's
// deadlines 15 seconds later; Controller sets others. A urlencoded form has to
// arrive within 15 seconds. Streams, long downloads and WebSockets need a
// MaxTime of their own; see Server.Shutdown for how they end.
//
// # Headers
//
// Every response has the security headers; a handler may set others in their
// place. The content security policy is DefaultPolicy, unless Options or, for one
// response, AllowSource widens it.
//
// # Log
//
// NewLogger's lines have listed keys only. Every request leaves one, with the ID
// that the response has as X-Request-Id; Info(c).Event and Info(c).Error leave
// others. The app's own lines reach the log by AppLogger, BuffaloLogger and
// RequestLogger, with the attributes that the developer chose.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Options says what New needs to know of the app.
type Options struct {
	PublicURL      *url.URL                        // what HOST says
	HTTPS          bool                            // production: plain http is redirected or refused, HSTS is sent
	LoopbackNames  bool                            // development and tests: the machine's own names are accepted beside PublicURL's
	TrustedProxies []netip.Prefix                  // whose X-Forwarded-For and X-Forwarded-Proto are believed
	MaxBody        func(path string) int64         // limit of a request's body in bytes; nil: 1 MiB
	MaxTime        func(path string) time.Duration // how long a request may take; 0: for ever; nil: 15 s
	Policy         Policy                          // of every response; "": DefaultPolicy
	Assets         *Assets
	Pages          Pages
	Logger         *slog.Logger
	ErrorPage      ErrorPage
	Reload         http.Handler // development's LiveReload, or nil
}

// ErrorPage writes the app's page, or its JSON, for a status of 400 or more.
type ErrorPage func(w http.ResponseWriter, r *http.Request, status int)

// New returns the handler that a server serves: app and all that surrounds it.
// A request passes from the last line to the first.
func New(app http.Handler, o Options) http.Handler {
	if o.MaxBody == nil {
		o.MaxBody = func(string) int64 { return defaultMaxBody }
	}
	if o.MaxTime == nil {
		o.MaxTime = func(string) time.Duration { return defaultMaxTime }
	}
	h := limitTime(app, o.MaxTime)             // bounds the time a request waits for the database
	h = keepPages(h, o.Pages)                  // renders once what is the same for everybody
	h = limitBody(h, o)                        // before Buffalo reads a form
	h = refuseCrossOrigin(h, o.ErrorPage)      // no page of another site may change anything
	h = o.Assets.serve(h, o.ErrorPage)         // files need nothing of the above
	h = serveReload(h, o.Reload)               // development only
	h = requireHTTPS(h, o)                     // production only
	h = requireHost(h, o)                      // prevents poisoned links and DNS rebinding
	h = setHeaders(h, o)                       // before anything can answer
	h = recoverPanics(h, o.ErrorPage)          // keeps the connection
	h = observe(h, o.Logger, o.TrustedProxies) // makes the request info, and a line of the log
	return h
}
