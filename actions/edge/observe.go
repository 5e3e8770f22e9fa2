package edge

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// Request is what is known of a request besides the request itself. The edge
// makes it, handlers add to it, and the log line is made from it.
type Request struct {
	ID     string
	Client netip.Addr // see clientAddr; invalid on a unix socket
	Secure bool       // came by https, to this process or to a trusted proxy
	Route  string     // the pattern, never the path: paths hold tokens
	UserID string     // "" when nobody is signed in
	Trace  string     // what went wrong and where; shown in development only

	method  string        // as it came, before a form's _method
	request *http.Request // what the visitor sent, to be struck out of errors
	logger  *slog.Logger
}

type requestKey struct{}

// From returns what is known of the request behind ctx. Outside of the edge,
// in a test that calls the app directly, it knows nothing.
func From(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{request: new(http.Request), logger: slog.New(slog.DiscardHandler)}
}

// observe makes the Request, and logs one line when the answer is complete.
func observe(next http.Handler, logger *slog.Logger, trusted []netip.Prefix) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		client, viaProxy := clientAddr(r, trusted)
		known := &Request{
			ID:     rand.Text(),
			Client: client,
			Secure: r.TLS != nil || viaProxy && lastValue(r.Header, "X-Forwarded-Proto") == "https",
			method: knownMethod(r.Method),
			logger: logger,
		}
		answer := &response{ResponseWriter: w, conn: connOf(r.Context())}
		defer func() {
			known.log(answer.status, time.Since(start))
		}()
		known.request = ownRequest(r, known)
		next.ServeHTTP(answer, known.request)
	})
}

// ownRequest copies the request, so that nothing behind the edge changes what
// net/http holds: an answer to a HEAD that became a GET there would carry a
// body, and the connection would be out of step. HEAD answers as GET does;
// net/http leaves the body out by itself.
func ownRequest(r *http.Request, known *Request) *http.Request {
	own := r.WithContext(context.WithValue(r.Context(), requestKey{}, known))
	url := *r.URL
	own.URL = &url
	if own.Method == http.MethodHead {
		own.Method = http.MethodGet
	}
	return own
}

// response remembers the status that was written.
type response struct {
	http.ResponseWriter
	status int
	conn   *conn // that holds it; nil when none does
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// FlushError sends what was written so far, for http.ResponseController.
func (w *response) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if w.conn != nil && err == nil {
		err = w.conn.send()
	}
	return err
}

// Unwrap is for http.ResponseController too.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
