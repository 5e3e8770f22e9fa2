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
}

// stopping is closed when a server begins to shut down: what has no end of its
// own, the live reload, ends then.
var stopping = make(chan struct{})

// Listen takes the port and reads the certificate, so that both fail before
// anything else has begun.
func Listen(c config.Config, edge http.Handler, logger *slog.Logger) (*Server, error) {
	s := &Server{http: http.Server{
		Handler:           edge,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16<<10 - 4096, // net/http adds 4096 of its own
		ErrorLog:          log.New(Printed{logger}, "", 0),

		DisableGeneralOptionsHandler: true, // its answer to OPTIONS * would have no headers
	}}
	s.http.RegisterOnShutdown(sync.OnceFunc(func() { close(stopping) }))
	listener, err := net.Listen("tcp", c.Addr)
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
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.listener, "", "")
	}
	return s.http.Serve(s.listener)
}

// Shutdown stops listening and waits for the requests in flight.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// SetAddr is part of Buffalo's interface; the address is settled in Listen.
func (s *Server) SetAddr(string) {}

func (s *Server) String() string { return "server on " + s.listener.Addr().String() }
