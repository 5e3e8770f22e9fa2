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
	Secure bool       // sent by https, to this process or to a trusted proxy
	Route  string     // the pattern, not the path: paths contain tokens
	UserID string     // "" if no user is logged in

	// EmailDigest is a keyed digest of the email that the client typed, or of the email that
	// its mailed link was sent to, or "".
	EmailDigest string

	Limit string // the name of the rate limit that refused the request, or ""

	Trace string // error and stack, for the error page in development

	event         string // the first event that Event was called with
	viaProxy      bool   // came from a trusted proxy or a unix socket
	schemeUnknown bool   // a trusted proxy did not say whether the client used https

	maxBody  int64         // bytes; 0 without a body
	maxTime  time.Duration // 0: unlimited
	method   string        // before MethodOverride
	request  *http.Request // for redaction
	response *response
	logger   *slog.Logger
	fields   *fieldLogger // the fields of c.LogField, or nil
}

type infoKey struct{}

// Info returns the request info. Outside of New's handler, it is empty and logs nothing.
func Info(ctx context.Context) *RequestInfo {
	if info, ok := ctx.Value(infoKey{}).(*RequestInfo); ok {
		return info
	}
	return &RequestInfo{request: new(http.Request), logger: slog.New(slog.DiscardHandler)}
}

// Started reports whether the response has begun. If so, the app's error handler must
// panic with http.ErrAbortHandler: a partial response must not look complete.
func (r *RequestInfo) Started() bool { return r.response != nil && r.response.status != 0 }

// observe makes the RequestInfo. It logs the request when the response is complete or
// cut off.
func observe(next http.Handler, logger *slog.Logger, trusted []netip.Prefix) http.Handler {
	var warned sync.Once // every request may have the fault
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		client, viaProxy, fault := clientAddr(r, trusted)
		info := &RequestInfo{
			ID:     rand.Text(),
			Client: client,
			Secure: r.TLS != nil || viaProxy && lastValue(r.Header, "X-Forwarded-Proto") == "https",
			method: knownMethod(r.Method),
			logger: logger,

			viaProxy:      viaProxy,
			schemeUnknown: r.TLS == nil && viaProxy && r.Header.Get("X-Forwarded-Proto") == "",
		}
		if fault != "" && !isHealthCheck(r) { // a proxy sends health checks without a client
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
		res.begin(http.StatusOK) // if the handler wrote nothing, as net/http does
		cut = false
	})
}

// mayBeSmuggled reports whether the request may have had both a Content-Length and a
// Transfer-Encoding, or a Transfer-Encoding in HTTP/1.0. net/http deletes these headers.
// A proxy may read another body length from such a request, so the connection must
// close: prevents request smuggling (RFC 9112, 6.1).
func mayBeSmuggled(r *http.Request) bool {
	return r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0)
}

// ownRequest returns a copy of the request in which HEAD is GET. net/http must still
// see HEAD, or it would send a body and desynchronize the connection.
func ownRequest(ctx context.Context, r *http.Request) *http.Request {
	copied := r.WithContext(ctx)
	url := *r.URL
	copied.URL = &url
	if copied.Method == http.MethodHead {
		copied.Method = http.MethodGet
	}
	return copied
}
