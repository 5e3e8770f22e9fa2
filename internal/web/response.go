package web

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
)

// response is the ResponseWriter of the app. It records the status. Once flushed or
// hijacked, it is a stream, whose context ends when the server begins to stop.
//
// Buffalo's writer needs its methods Flush, Hijack and CloseNotify;
// http.ResponseController needs Unwrap.
type response struct {
	http.ResponseWriter
	status   int // 0 until the response begins
	hijacked bool
	failed   bool            // a write failed
	context  context.Context // the request's context
	cancel   context.CancelFunc
	release  func() bool // frees what stream allocated; nil if this is no stream
	closes   bool        // the connection must close after the response
	http2    bool
}

// connectionHeaders are not allowed in HTTP/2 (RFC 9113, 8.2.2). net/http removes only
// the first two.
var connectionHeaders = []string{"Connection", "Transfer-Encoding", "Keep-Alive", "Proxy-Connection", "Upgrade"}

func newResponse(ctx context.Context, w http.ResponseWriter) *response {
	res := &response{ResponseWriter: w}
	res.context, res.cancel = context.WithCancel(ctx)
	return res
}

func (w *response) end() {
	if w.release != nil {
		w.release()
	}
	w.cancel()
}

func (w *response) WriteHeader(status int) {
	if w.hijacked || status == w.status {
		return // Buffalo sends 200 after a handler that sent no status itself
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return len(b), nil // net/http refuses a body here, which Buffalo would report as an error
	}
	n, err := w.ResponseWriter.Write(b)
	w.failed = w.failed || err != nil
	return n, err
}

func (w *response) begin(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	if w.closes {
		w.Header().Set("Connection", "close")
	}
	for i := 0; w.http2 && i < len(connectionHeaders); i++ {
		w.Header().Del(connectionHeaders[i])
	}
	if cache := w.Header()["Cache-Control"]; len(cache) > 1 && cache[0] == "no-store" {
		w.Header()["Cache-Control"] = cache[1:] // Buffalo's ServeFiles adds to what setHeaders set
	}
	if location := w.Header().Get("Location"); location != "" {
		w.Header().Set("Location", withoutSlash(location))
	}
	if status == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
		w.Header().Set("WWW-Authenticate", "Session") // RFC 9110, 15.5.2; for Basic, browsers would open a dialog
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
		w.Header().Set("X-Accel-Buffering", "no") // nginx would buffer events
	}
}

// withoutSlash removes the slash that Buffalo's path helpers append.
func withoutSlash(location string) string {
	path, query, found := strings.Cut(location, "?")
	if !strings.HasPrefix(path, "/") || path == "/" {
		return location
	}
	path = strings.TrimSuffix(path, "/")
	if found {
		return path + "?" + query
	}
	return path
}

// FlushError implements the method that http.ResponseController looks for.
func (w *response) FlushError() error {
	w.begin(http.StatusOK)
	w.stream()
	err := http.NewResponseController(w.ResponseWriter).Flush()
	w.failed = w.failed || err != nil && !errors.Is(err, http.ErrNotSupported)
	return err
}

func (w *response) Flush() { w.FlushError() }

// Hijack implements http.Hijacker. The server stops waiting for the connection.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.begin(http.StatusSwitchingProtocols)
		w.hijacked = true
		w.stream()
	}
	return conn, buffered, err
}

// CloseNotify implements the deprecated http.CloseNotifier for Buffalo's
// render.EventSource.
func (w *response) CloseNotify() <-chan bool {
	gone := make(chan bool, 1)
	context.AfterFunc(w.context, func() { gone <- true })
	return gone
}

// Unwrap implements the method that http.ResponseController looks for.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// stream makes the request's context end when the server begins to stop.
func (w *response) stream() {
	if stopping, ok := w.context.Value(stoppingKey{}).(context.Context); ok && w.release == nil {
		w.release = context.AfterFunc(stopping, w.cancel)
	}
}
