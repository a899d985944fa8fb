package flowhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// ServerConfig is the config of a [Server].
type ServerConfig struct {
	// Addr is the TCP address to listen on, as in "127.0.0.1:8080". Port 0 takes a free one.
	// Required.
	Addr string `json:"addr" yaml:"addr" env:"ADDR"`
	// ReadHeaderTimeout is how long a client may take to send a request's header. Defaults to 5 s.
	ReadHeaderTimeout time.Duration `json:"read_header_timeout" yaml:"read_header_timeout" env:"READ_HEADER_TIMEOUT"`
	// ReadTimeout is how long a client may take to send a whole request, so that one that sends a body
	// byte by byte does not hold a handler, and its permits, for ever. It also ends requests whose body
	// is a stream. Defaults to 0: no bound.
	ReadTimeout time.Duration `json:"read_timeout" yaml:"read_timeout" env:"READ_TIMEOUT"`
	// IdleTimeout is how long a connection may wait for its next request. Defaults to 2 min.
	IdleTimeout time.Duration `json:"idle_timeout" yaml:"idle_timeout" env:"IDLE_TIMEOUT"`
	// MaxHeaderBytes bounds a request's header. Defaults to 64 KiB.
	MaxHeaderBytes int `json:"max_header_bytes" yaml:"max_header_bytes" env:"MAX_HEADER_BYTES"`
	// Farewell is how long, after Stop, a connection already open is still waited for: its next
	// request is served with "Connection: close", so that no client sends one into a closing
	// connection. Stop does not wait when no connection is open. Defaults to 250 ms.
	Farewell time.Duration `json:"farewell" yaml:"farewell" env:"FAREWELL"`
	// CertFile is a PEM file with a certificate, read by Start: with it the server speaks TLS, and HTTP/2
	// with who can. Defaults to none.
	CertFile string `json:"cert_file" yaml:"cert_file" env:"CERT_FILE"`
	// KeyFile is a PEM file with the certificate's key. Required with CertFile.
	KeyFile string `json:"key_file" yaml:"key_file" env:"KEY_FILE"`
	// TLS is how TLS is spoken, for what files cannot say (certificates that change, clients that show
	// theirs). Defaults to TLS 1.2 and above, when there is a CertFile.
	TLS *tls.Config `json:"-" yaml:"-"`
	// H2C makes a server without TLS speak HTTP/2 with clients that begin with it, as proxies and gRPC
	// do. Defaults to false: HTTP/1.1 only.
	H2C bool `json:"h2c" yaml:"h2c" env:"H2C"`
}

// Validate reports everything that is wrong with c.
func (c ServerConfig) Validate() error {
	var faults core.Faults
	_, port, err := net.SplitHostPort(c.Addr)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port)
	}
	faults.Require(err == nil, "Addr", c.Addr, "must be host:port")
	faults.Require(c.ReadHeaderTimeout >= 0, "ReadHeaderTimeout", c.ReadHeaderTimeout, "must not be negative")
	faults.Require(c.ReadTimeout >= 0, "ReadTimeout", c.ReadTimeout, "must not be negative")
	faults.Require(c.IdleTimeout >= 0, "IdleTimeout", c.IdleTimeout, "must not be negative")
	faults.Require(c.MaxHeaderBytes >= 0, "MaxHeaderBytes", c.MaxHeaderBytes, "must not be negative")
	faults.Require(c.Farewell >= 0, "Farewell", c.Farewell, "must not be negative")
	c.requireTLS(&faults)
	return faults.Err()
}

func (c ServerConfig) withDefaults() ServerConfig {
	if c.ReadHeaderTimeout == 0 {
		c.ReadHeaderTimeout = 5 * time.Second
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 2 * time.Minute
	}
	if c.MaxHeaderBytes == 0 {
		c.MaxHeaderBytes = 64 << 10
	}
	if c.Farewell == 0 {
		c.Farewell = 250 * time.Millisecond
	}
	return c
}

// Server serves a handler over HTTP as a core.Service. Start listens before it returns, so an
// address in use is an error of Start; an error of serving later is told by Failed. Stop takes no
// new connection, lets requests in flight finish and closes the rest. It can be started again. It speaks
// HTTP/1.1, and HTTP/2 as its config says.
type Server struct {
	name    string
	cfg     ServerConfig
	handler http.Handler
	failed  chan error

	mu      sync.Mutex
	current *serving // nil unless started
	addr    net.Addr // of the last Start
}

var _ core.Watched = (*Server)(nil)

// NewServer makes a server of handler. The name is the subject of its errors, and a pprof label of
// its goroutines.
func NewServer(name string, cfg ServerConfig, handler http.Handler) (*Server, error) {
	var faults core.Faults
	faults.Require(handler != nil, "handler", handler, "must not be nil")
	if err := core.Configure("flowhttp", name, errors.Join(cfg.Validate(), faults.Err())); err != nil {
		return nil, err
	}
	return &Server{name: name, cfg: cfg.withDefaults(), handler: handler, failed: make(chan error, 1)}, nil
}

// Addr is the address the server listens on; nil before Start.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Failed gives the error when serving ends before Stop.
func (s *Server) Failed() <-chan error { return s.failed }

// Start listens, and serves in the background with the values of ctx as the requests' own.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		return fmt.Errorf("flowhttp: server %q is already started", s.name)
	}
	secure, err := s.cfg.tls()
	if err != nil {
		return fmt.Errorf("flowhttp: server %q: %w", s.name, err)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("flowhttp: server %q: %w", s.name, err)
	}
	select {
	case <-s.failed: // of an earlier start
	default:
	}
	run := &serving{listener: listener, done: make(chan struct{}), conns: make(map[net.Conn]phase)}
	base := context.WithoutCancel(ctx)
	run.server = &http.Server{
		Handler:           run.handle(s.handler),
		TLSConfig:         secure,
		Protocols:         s.cfg.protocols(),
		ReadHeaderTimeout: s.cfg.ReadHeaderTimeout,
		ReadTimeout:       s.cfg.ReadTimeout,
		IdleTimeout:       s.cfg.IdleTimeout,
		MaxHeaderBytes:    s.cfg.MaxHeaderBytes,
		ConnState:         run.follow,
	}
	s.current, s.addr = run, listener.Addr()
	go telemetry.Labeled(base, "server", s.name, func(ctx context.Context) {
		defer close(run.done)
		run.server.BaseContext = func(net.Listener) context.Context { return ctx } // whose labels a handler's own come on top of
		if err := run.accept(listener); !run.stopped.Load() {
			s.failed <- fmt.Errorf("flowhttp: server %q: %w", s.name, err)
		}
	})
	return nil
}

// Stop stops the server. When ctx ends before the requests in flight do, their connections are
// closed and the error says how many. Hijacked connections are their handlers' own. Of several
// Stops at a time, the one whose ctx ends first closes the connections.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	run := s.current
	s.mu.Unlock()
	if run == nil {
		return nil
	}
	err := run.leave(ctx, s.cfg.Farewell)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == run {
		s.current = nil
	}
	if err != nil {
		return fmt.Errorf("flowhttp: server %q: %w", s.name, err)
	}
	return nil
}
