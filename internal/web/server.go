package web

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gobuffalo/buffalo"
)

// ListenOptions says where a Server listens.
type ListenOptions struct {
	Addr              string         // host:port
	Sockets           []net.Listener // from systemd; if there are any, Addr is not used
	CertFile, KeyFile string         // for https; "" for http, behind a proxy
}

// Server implements Buffalo's servers.Server. It serves the handler given to Listen, and not
// the app that Buffalo passes to Start.
type Server struct {
	http      http.Server
	listeners []net.Listener
	refusing  chan struct{}  // is closed when no more connections are accepted
	open      sync.WaitGroup // connections, except hijacked and HTTP/2 ones
	http2     sync.Map       // net.Conn → nil: the HTTP/2 connections
	failed    error          // why Start ended without Shutdown

	// These end the contexts of streams, and of all requests. A stream is a request that has
	// flushed its response or hijacked its connection.
	stopStreams, stopAll context.CancelFunc
}

// stoppingKey is the key of a value of requests' contexts: a context that ends when Shutdown begins.
type stoppingKey struct{}

// Listen opens the port and reads the certificate, so that errors are found before the
// app starts. handler must come from New.
func Listen(o ListenOptions, handler http.Handler, logger *slog.Logger) (*Server, error) {
	s := &Server{refusing: make(chan struct{}), http: http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32<<10 - 4096, // net/http adds 4096; nginx passes on 32 KiB at most
		ErrorLog:          log.New(Printed{logger}, "", 0),

		HTTP2: &http.HTTP2Config{WriteByteTimeout: 30 * time.Second}, // in HTTP/2, WriteTimeout does not end the connection

		DisableGeneralOptionsHandler: true, // its response would have none of our headers
	}}
	s.http.ConnState = s.connState
	all, stopAll := context.WithCancel(context.Background())
	streams, stopStreams := context.WithCancel(all)
	s.stopStreams, s.stopAll = stopStreams, stopAll
	s.http.BaseContext = func(net.Listener) context.Context { return context.WithValue(all, stoppingKey{}, streams) }
	if o.CertFile != "" {
		certificate, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %w; correct their paths or permissions, or use a pair that matches", err)
		}
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	s.listeners = slices.Clone(o.Sockets)
	if len(o.Sockets) == 0 {
		listener, err := newListener(o.Addr)
		if err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w; stop the other process, or change ADDR or PORT", o.Addr, err)
		}
		s.listeners = []net.Listener{listener}
	}
	for i, l := range s.listeners {
		s.listeners[i] = detectProxyProtocol(l, logger)
	}
	return s, nil
}

// Start serves until Shutdown. It ignores the handler that Buffalo passes.
func (s *Server) Start(context.Context, http.Handler) error {
	defer close(s.refusing)
	serve := s.http.Serve
	if s.http.TLSConfig != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	ended := make(chan error)
	for _, l := range s.listeners {
		go func() { ended <- serve(l) }()
	}
	for range s.listeners {
		if err := <-ended; err != http.ErrServerClosed && !errors.Is(err, net.ErrClosed) { // these come from Shutdown or close
			s.failed = err
		}
		s.close() // if one listener fails, end all
	}
	return cmp.Or(s.failed, http.ErrServerClosed)
}

// Run calls app.Serve. It also returns the error if the server fails, and ends after SIGHUP.
func (s *Server) Run(app *buffalo.App) error {
	onHangup(func() { app.Stop(http.ErrServerClosed) })
	err := app.Serve(s)
	return cmp.Or(err, s.failed)
}

func (s *Server) close() {
	for _, l := range s.listeners {
		l.Close()
	}
}

// connState counts open connections, except hijacked and HTTP/2 ones. An HTTP/2
// connection becomes active more than once; the first time counts.
func (s *Server) connState(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateActive:
		if !speaksHTTP2(c) {
			return
		}
		if _, known := s.http2.LoadOrStore(c, nil); !known {
			s.open.Done()
		}
	case http.StateClosed:
		if _, known := s.http2.LoadAndDelete(c); !known {
			s.open.Done()
		}
	case http.StateHijacked:
		s.open.Done()
	}
}

func speaksHTTP2(c net.Conn) bool {
	encrypted, ok := c.(*tls.Conn)
	return ok && encrypted.ConnectionState().NegotiatedProtocol == "h2"
}

// Shutdown stops listening and answers all requests that were already sent. net/http
// alone would drop a request that it is still reading, or whose connection it has
// not accepted yet. Shutdown tells clients of HTTP/2 to stop, and answers requests that
// they send until they do.
//
// The contexts of streams end at once. Shutdown waits for all requests, except hijacked
// ones, until ctx ends. Then the contexts of all requests end.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopStreams()
	defer s.stopAll()
	s.close()
	answered := make(chan struct{})
	go func() {
		<-s.refusing
		s.http.SetKeepAlivesEnabled(false) // closes idle connections now, others after their response
		s.open.Wait()
		close(answered)
	}()
	select {
	case <-answered:
	case <-ctx.Done():
	}
	return s.http.Shutdown(ctx)
}

// SetAddr implements servers.Server. It does nothing: Listen has opened the port.
func (s *Server) SetAddr(string) {}

func (s *Server) String() string { return "server on " + s.Address() }
