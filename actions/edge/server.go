package edge

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"corral/config"
)

// Server is a Buffalo server that serves the edge, not the bare app.
type Server struct {
	http     http.Server
	listener net.Listener
	accepted chan struct{}  // closed when no more connections are accepted
	open     sync.WaitGroup // all connections but those of HTTP/2
	http2    sync.Map       // net.Conn → nil: the connections that speak it
}

// stopping is closed when a server begins to shut down: what has no end of its
// own, the live reload, ends then.
var (
	stopping = make(chan struct{})
	stop     = sync.OnceFunc(func() { close(stopping) })
)

// Listen takes the port and reads the certificate, so that both fail before
// anything else has begun.
func Listen(c config.Config, edge http.Handler, logger *slog.Logger) (*Server, error) {
	s := &Server{accepted: make(chan struct{}), http: http.Server{
		Handler:           edge,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16<<10 - 4096, // net/http adds 4096 of its own
		ErrorLog:          log.New(Printed{logger}, "", 0),

		HTTP2: &http.HTTP2Config{WriteByteTimeout: 30 * time.Second}, // WriteTimeout ends streams, not their connection

		DisableGeneralOptionsHandler: true, // its answer to OPTIONS * would have no headers
	}}
	s.http.ConnState = s.connState
	listener, err := newListener(c)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be listened on: %w", c.Addr, err)
	}
	if c.TLS() {
		certificate, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
		if err != nil {
			listener.Close()
			return nil, fmt.Errorf("TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %w", err)
		}
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	s.listener = listener
	return s, nil
}

// Start serves until Shutdown. The handler is Buffalo's app, which the edge holds.
func (s *Server) Start(context.Context, http.Handler) error {
	defer close(s.accepted)
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.listener, "", "")
	}
	s.http.ConnContext = withConn
	return s.http.Serve(holding{s.listener})
}

// connState keeps the number of open connections, and lets go of one that is
// taken over. HTTP/2 says that it is active with each request.
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
		if held, ok := c.(*conn); ok {
			held.hijack()
		}
	}
}

func speaksHTTP2(c net.Conn) bool {
	encrypted, ok := c.(*tls.Conn)
	return ok && encrypted.ConnectionState().NegotiatedProtocol == "h2"
}

// Shutdown stops listening and answers what was sent before. Package http alone
// would drop a request that it is just reading, and a connection that it is
// just accepting. Those of HTTP/2 it tells to end, and answers what came till then.
func (s *Server) Shutdown(ctx context.Context) error {
	stop()
	s.listener.Close()
	answered := make(chan struct{})
	go func() {
		<-s.accepted
		s.http.SetKeepAlivesEnabled(false) // the idle ones close now, the others after their answer
		s.open.Wait()
		close(answered)
	}()
	select {
	case <-answered:
	case <-ctx.Done():
	}
	return s.http.Shutdown(ctx)
}

// SetAddr is part of Buffalo's interface; the address is settled in Listen.
func (s *Server) SetAddr(string) {}

func (s *Server) String() string { return "server on " + s.listener.Addr().String() }
