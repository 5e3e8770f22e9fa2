// Package edge stands between the socket and the app. What holds for every
// answer, whoever writes it, is done here once: Buffalo's middleware sees
// neither a 404 nor a static file nor a panic before routing.
package edge

import (
	"log/slog"
	"net/http"

	"corral/config"
)

// Options are what the edge needs of the app behind it.
type Options struct {
	Config    config.Config
	Assets    *Assets
	Pages     Pages
	Logger    *slog.Logger
	ErrorPage ErrorPage
	Reload    http.Handler // development's live reload; nil elsewhere
}

// ErrorPage writes the app's page, or its JSON, for a status of 400 or more.
type ErrorPage func(w http.ResponseWriter, r *http.Request, status int)

// New returns the handler that a server serves: app, and all that surrounds it.
// A request passes from the last line to the first.
func New(app http.Handler, o Options) http.Handler {
	h := limitTime(app)                               // a database that hangs hangs no visitor
	h = keepPages(h, o.Pages)                         // what is the same for everybody is rendered once
	h = limitBody(h, o.ErrorPage)                     // a body of 64 KiB at most, and only a form
	h = refuseCrossOrigin(h, o.ErrorPage)             // no other site's page may change anything
	h = o.Assets.serve(h, o.ErrorPage)                // files need nothing of the above
	h = serveReload(h, o.Reload)                      // development only
	h = requireHTTPS(h, o.Config, o.ErrorPage)        // production only
	h = requireHost(h, o.Config, o.ErrorPage)         // no name but ours: poisoned links, rebinding
	h = setHeaders(h, o.Config)                       // before anybody can answer
	h = recoverPanics(h, o.ErrorPage)                 // the connection lives on
	h = observe(h, o.Logger, o.Config.TrustedProxies) // who asks, and one line in the log
	return h
}
