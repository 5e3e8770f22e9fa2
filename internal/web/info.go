package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// RequestInfo is what is known of a request besides the request itself.
// Handlers add to it, and the line of the log is made from it.
type RequestInfo struct {
	ID     string     // also sent, as X-Request-Id
	Client netip.Addr // see clientAddr; invalid on a unix socket
	Secure bool       // came by https, to this process or to a trusted proxy
	Route  string     // the pattern, never the path: paths hold tokens
	UserID string     // "" when nobody is logged in
	Trace  string     // what went wrong and where; shown in development only

	maxBody  int64         // limit of the body, in bytes; 0 if there is no body
	method   string        // as sent, before a form's _method
	request  *http.Request // what the client sent, to be struck out of errors
	response *response
	logger   *slog.Logger
	fields   *fieldLogger // of c.LogField, or nil
}

type infoKey struct{}

// Info returns the request info of the request behind ctx. Outside of New's
// handler, in a test that calls the app directly, it is empty and logs nothing.
func Info(ctx context.Context) *RequestInfo {
	if info, ok := ctx.Value(infoKey{}).(*RequestInfo); ok {
		return info
	}
	return &RequestInfo{request: new(http.Request), logger: slog.New(slog.DiscardHandler)}
}

// Started reports whether the response has begun, so that no error page can take
// its place. The app's error handler then panics with http.ErrAbortHandler: the
// client must not take half a response for all of it.
func (r *RequestInfo) Started() bool { return r.response != nil && r.response.status != 0 }

// observe makes the RequestInfo, and logs one line when the response is complete
// or was cut off.
func observe(next http.Handler, logger *slog.Logger, trusted []netip.Prefix) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		client, viaProxy := clientAddr(r, trusted)
		info := &RequestInfo{
			ID:     rand.Text(),
			Client: client,
			Secure: r.TLS != nil || viaProxy && lastValue(r.Header, "X-Forwarded-Proto") == "https",
			method: knownMethod(r.Method),
			logger: logger,
		}
		w.Header()["X-Request-Id"] = []string{info.ID}
		res := newResponse(context.WithValue(r.Context(), infoKey{}, info), w)
		info.response, info.request = res, ownRequest(res.context, r)
		cut := true
		defer func() {
			res.end()
			info.log(res.status, cut || res.failed, time.Since(start))
		}()
		next.ServeHTTP(res, info.request)
		cut = false
	})
}

// ownRequest copies the request, so that nothing behind it changes what net/http
// holds: the response to a HEAD that became a GET there would carry a body, and
// the connection would be out of step. HEAD answers as GET does; net/http leaves
// the body out by itself.
func ownRequest(ctx context.Context, r *http.Request) *http.Request {
	own := r.WithContext(ctx)
	url := *r.URL
	own.URL = &url
	if own.Method == http.MethodHead {
		own.Method = http.MethodGet
	}
	return own
}
