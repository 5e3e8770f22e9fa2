package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// ListenOptions says where a Server listens.
type ListenOptions struct {
	Addr              string // host:port
	Socket            bool   // systemd passes a socket to listen on; Addr is not used
	CertFile, KeyFile string // the server ends TLS itself; "" for a server behind a proxy
}

// Server is a servers.Server of Buffalo that serves New's handler instead of the bare app.
type Server struct {
	http     http.Server
	listener net.Listener
	accepted chan struct{}  // closed when no more connections are accepted
	open     sync.WaitGroup // all connections except HTTP/2
	http2    sync.Map       // net.Conn → nil: the HTTP/2 connections

	stopStreams, stopAll context.CancelFunc // end the contexts of requests
}

// stoppingKey is the key of the context that ends when Shutdown begins.
type stoppingKey struct{}

// Listen takes the port and reads the certificate, so that both fail before
// anything else has begun. The handler is New's.
func Listen(o ListenOptions, handler http.Handler, logger *slog.Logger) (*Server, error) {
	s := &Server{accepted: make(chan struct{}), http: http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16<<10 - 4096, // net/http adds 4096 of its own
		ErrorLog:          log.New(Printed{logger}, "", 0),

		HTTP2: &http.HTTP2Config{WriteByteTimeout: 30 * time.Second}, // WriteTimeout ends a stream, not its connection

		DisableGeneralOptionsHandler: true, // its response to OPTIONS * would have no headers
	}}
	s.http.ConnState = s.connState
	all, stopAll := context.WithCancel(context.Background())
	streams, stopStreams := context.WithCancel(all)
	s.stopStreams, s.stopAll = stopStreams, stopAll
	s.http.BaseContext = func(net.Listener) context.Context { return context.WithValue(all, stoppingKey{}, streams) }
	listener, err := newListener(o)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be listened on: %w", o.Addr, err)
	}
	if o.CertFile != "" {
		certificate, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			listener.Close()
			return nil, fmt.Errorf("TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %w", err)
		}
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	s.listener = listener
	return s, nil
}

// Start serves until Shutdown. It ignores the handler that Buffalo passes, which is the bare app.
func (s *Server) Start(context.Context, http.Handler) error {
	defer close(s.accepted)
	serve := s.http.Serve
	if s.http.TLSConfig != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	err := serve(s.listener)
	if errors.Is(err, net.ErrClosed) { // by Shutdown
		return http.ErrServerClosed
	}
	return err
}

// connState counts the open connections, without those that were hijacked. An
// HTTP/2 connection becomes active with each request.
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

// Shutdown stops listening and answers what was sent before. net/http alone
// would drop a request that it is just reading, and a connection that it is just
// accepting. It tells HTTP/2 connections to end, and answers what came until then.
//
// A stream, which is a request that has flushed its response or hijacked its
// connection, has its context cancelled at once. Shutdown waits for it as for any
// other request, but not for what goes on with a hijacked connection. When ctx
// ends, so do the contexts of all requests that are left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopStreams()
	defer s.stopAll()
	s.listener.Close()
	answered := make(chan struct{})
	go func() {
		<-s.accepted
		s.http.SetKeepAlivesEnabled(false) // idle connections close now, the others after their response
		s.open.Wait()
		close(answered)
	}()
	select {
	case <-answered:
	case <-ctx.Done():
	}
	return s.http.Shutdown(ctx)
}

// SetAddr is part of Buffalo's interface; Listen has settled the address.
func (s *Server) SetAddr(string) {}

func (s *Server) String() string { return "server on " + s.listener.Addr().String() }
