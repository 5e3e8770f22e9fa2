package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// RequestInfo describes a request to handlers and to the log.
type RequestInfo struct {
	ID     string     // sent as X-Request-Id
	Client netip.Addr // the client's IP, see clientAddr; invalid on a unix socket
	Secure bool       // by https, to this process or a trusted proxy
	Route  string     // pattern, not path: paths hold tokens
	UserID string     // "" when nobody is logged in

	// EmailDigest is a keyed digest of the email in a form with credentials, or "".
	EmailDigest string

	Trace string // error and stack, for development's error page

	event         string // the first of Event
	schemeUnknown bool   // a trusted proxy did not say whether the client used https

	maxBody  int64         // bytes; 0 without body
	method   string        // before MethodOverride
	request  *http.Request // for redaction
	response *response
	logger   *slog.Logger
	fields   *fieldLogger // of c.LogField, or nil
}

type infoKey struct{}

// Info returns the request info, which outside of New's handler is empty and logs
// nothing.
func Info(ctx context.Context) *RequestInfo {
	if info, ok := ctx.Value(infoKey{}).(*RequestInfo); ok {
		return info
	}
	return &RequestInfo{request: new(http.Request), logger: slog.New(slog.DiscardHandler)}
}

// Started reports whether the response has begun. If so, the app's error handler
// panics with http.ErrAbortHandler: a partial response must not look complete.
func (r *RequestInfo) Started() bool { return r.response != nil && r.response.status != 0 }

// observe makes the RequestInfo, and logs the request when its response is complete
// or cut off.
func observe(next http.Handler, logger *slog.Logger, trusted []netip.Prefix) http.Handler {
	var warned sync.Once // once a process: every request may have the fault
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		client, viaProxy, fault := clientAddr(r, trusted)
		info := &RequestInfo{
			ID:     rand.Text(),
			Client: client,
			Secure: r.TLS != nil || viaProxy && lastValue(r.Header, "X-Forwarded-Proto") == "https",
			method: knownMethod(r.Method),
			logger: logger,

			schemeUnknown: r.TLS == nil && viaProxy && r.Header.Get("X-Forwarded-Proto") == "",
		}
		if fault != "" && !isHealthCheck(r) { // a proxy's own
			warned.Do(func() {
				info.line(slog.LevelWarn, "client IP unknown", slog.String("error", fault+": all clients of this proxy share one rate limit"))
			})
		}
		w.Header()["X-Request-Id"] = []string{info.ID}
		res := newResponse(context.WithValue(r.Context(), infoKey{}, info), w)
		res.closes, res.http2 = mayBeSmuggled(r), r.ProtoMajor == 2
		info.response, info.request = res, ownRequest(res.context, r)
		cut := true
		defer func() {
			res.end()
			info.log(res.status, cut || res.failed, time.Since(start))
		}()
		next.ServeHTTP(res, info.request)
		res.begin(http.StatusOK) // as net/http does when the handler wrote nothing
		cut = false
	})
}

// mayBeSmuggled reports whether the request may have had a Content-Length beside
// its Transfer-Encoding, or a Transfer-Encoding in HTTP/1.0, which net/http hides.
// A proxy may read such a body otherwise, so the connection must close: prevents
// request smuggling (RFC 9112, 6.1).
func mayBeSmuggled(r *http.Request) bool {
	return r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0)
}

// ownRequest copies the request, with HEAD as GET. net/http must still see HEAD, or
// it would send a body and desynchronize the connection.
func ownRequest(ctx context.Context, r *http.Request) *http.Request {
	own := r.WithContext(ctx)
	url := *r.URL
	own.URL = &url
	if own.Method == http.MethodHead {
		own.Method = http.MethodGet
	}
	return own
}
