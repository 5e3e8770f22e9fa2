// Package web serves a Buffalo app. It does what Buffalo's middleware cannot, because
// that runs only after routing: it protects and logs 404s, static files and panics too.
//
//	handler := web.New(app, web.Options{
//		PublicURL: publicURL,
//		Assets:    assets,
//		Logger:    web.NewLogger(os.Stdout, slog.LevelInfo, true),
//		ErrorPage: errorPage,
//	})
//	server, err := web.Listen(web.ListenOptions{Addr: "127.0.0.1:3000"}, handler, logger)
//	…
//	return server.Run(app)
//
// Set MethodOverride and BuffaloLogger in the app's options, and replace Buffalo's request
// logger and panic handler by RequestLogger and PanicHandler. Info returns the request info.
//
// # Bodies
//
// Every content type is allowed. New reads urlencoded forms, up to MaxBody of the path.
// ReadBody reads uploads after the guards; c.Bind and Bind read the whole body. Otherwise
// handlers read it as a stream. The app answers 413 to errors that satisfy TooLarge.
//
// # Time
//
// A request's context ends after MaxTime of its path. The connection's write deadline is 15
// seconds later, by AllowTime; a handler can set deadlines by Controller. Urlencoded forms
// must arrive within 15 seconds. Streams, long downloads and WebSockets need a longer MaxTime,
// and end when the server stops: see [Server.Shutdown].
//
// # Headers
//
// Every response has the security headers, which handlers may replace. Options.Policy
// and AllowSource extend the content security policy, DefaultPolicy.
//
// # Other sites
//
// New refuses what pages of other sites send, except GET, HEAD and OPTIONS.
// Options.CrossOrigin opens a path to them: for CORS, whose headers the handler sets, or
// the form of a payment page. The handler must not rely on the session: sites of the same
// domain send its cookie too.
//
// # Log
//
// Each request writes one line. It has the ID, which the response has as X-Request-Id,
// and the first event of Info(c).Event. A second event and Info(c).Error write lines of
// their own. A line has only listed keys, so that no secret gets into it by accident.
//
// AppLogger, BuffaloLogger and RequestLogger are for the app's own lines, which keep all
// attributes. With LogBuffer, the app goes on if the program that reads the log stalls or
// dies.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Options configure New.
type Options struct {
	PublicURL      *url.URL                        // what HOST says
	HTTPS          bool                            // for production: redirect or refuse http, and send HSTS
	HSTSSubdomains bool                            // HSTS includes the public URL's subdomains
	LoopbackNames  bool                            // for development and tests: accept loopback names as Host
	TrustedProxies []netip.Prefix                  // networks of proxies: their X-Forwarded-For and X-Forwarded-Proto are trusted
	MaxBody        func(path string) int64         // bytes; nil: 1 MiB
	MaxTime        func(path string) time.Duration // 0: unlimited; nil: 15 s
	CrossOrigin    func(path string) bool          // whether pages of other sites may send to a path; nil: to none
	Policy         Policy                          // sent with every response; DefaultPolicy, if ""
	Assets         *Assets
	Pages          Pages
	Logger         *slog.Logger
	ErrorPage      ErrorPage
	Reload         http.Handler // LiveReload in development, or nil
}

// ErrorPage writes the app's page or problem for a status of 400 or more.
type ErrorPage func(w http.ResponseWriter, r *http.Request, status int)

// New returns a handler that wraps the app. A request passes the handlers below from
// the last line to the first.
func New(app http.Handler, o Options) http.Handler {
	if o.MaxBody == nil {
		o.MaxBody = func(string) int64 { return DefaultMaxBody }
	}
	if o.MaxTime == nil {
		o.MaxTime = func(string) time.Duration { return DefaultMaxTime }
	}
	h := limitTime(app, o.MaxTime)             // bounds the time a request waits for the database
	h = keepPages(h, o.Pages)                  // serves pages that are the same for all clients
	h = limitBody(h, o)                        // must come before Buffalo reads forms
	h = refuseCrossOrigin(h, o)                // prevents cross-site request forgery
	h = o.Assets.serve(h, o.ErrorPage)         // files need none of the above
	h = serveReload(h, o.Reload)               // development only
	h = requireHTTPS(h, o)                     // production only
	h = requireHost(h, o)                      // prevents poisoned links and DNS rebinding
	h = setHeaders(h, o)                       // on every response
	h = recoverPanics(h, o.ErrorPage)          // answers 500 instead of closing the connection
	h = observe(h, o.Logger, o.TrustedProxies) // makes the request info, logs the request
	return h
}
