package flowgrpc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// ServerConfig is the config of a [Server].
type ServerConfig struct {
	// Addr is the TCP address to listen on, as in "127.0.0.1:9090". Port 0 takes a free one.
	// Required.
	Addr string `json:"addr" yaml:"addr" env:"ADDR"`
	// MaxConcurrentStreams is how many calls a connection may have at a time; more wait in the
	// client. Defaults to 256.
	MaxConcurrentStreams int `json:"max_concurrent_streams" yaml:"max_concurrent_streams" env:"MAX_CONCURRENT_STREAMS"`
	// MaxMessageBytes bounds a message received. Defaults to 4 MiB.
	MaxMessageBytes int `json:"max_message_bytes" yaml:"max_message_bytes" env:"MAX_MESSAGE_BYTES"`
	// MaxHeaderBytes bounds a call's metadata. Defaults to 64 KiB.
	MaxHeaderBytes int `json:"max_header_bytes" yaml:"max_header_bytes" env:"MAX_HEADER_BYTES"`
	// HandshakeTimeout is how long a new connection may take until it can carry calls. Defaults to
	// 10 s.
	HandshakeTimeout time.Duration `json:"handshake_timeout" yaml:"handshake_timeout" env:"HANDSHAKE_TIMEOUT"`

	// MaxConnectionIdle is how long a connection may be without a call. Defaults to 15 min.
	MaxConnectionIdle time.Duration `json:"max_connection_idle" yaml:"max_connection_idle" env:"MAX_CONNECTION_IDLE"`
	// MaxConnectionAge is how long a connection may be open, so that clients find servers that were
	// added since. Defaults to 0: for ever.
	MaxConnectionAge time.Duration `json:"max_connection_age" yaml:"max_connection_age" env:"MAX_CONNECTION_AGE"`
	// MaxConnectionAgeGrace is how long the calls of a connection have after MaxConnectionAge.
	// Defaults to 0: for ever.
	MaxConnectionAgeGrace time.Duration `json:"max_connection_age_grace" yaml:"max_connection_age_grace" env:"MAX_CONNECTION_AGE_GRACE"`
	// KeepaliveTime is how long a connection may be silent before the server asks whether the client
	// is still there, and so how long the calls of a peer that died hold their permits. Defaults to
	// 1 min.
	KeepaliveTime time.Duration `json:"keepalive_time" yaml:"keepalive_time" env:"KEEPALIVE_TIME"`
	// KeepaliveTimeout is how long the answer to that may take. Defaults to 20 s.
	KeepaliveTimeout time.Duration `json:"keepalive_timeout" yaml:"keepalive_timeout" env:"KEEPALIVE_TIMEOUT"`
	// MinPingInterval is how often a client may ask the same of the server; one that asks more
	// often loses its connection. Defaults to 10 s, the least a grpc-go client does.
	MinPingInterval time.Duration `json:"min_ping_interval" yaml:"min_ping_interval" env:"MIN_PING_INTERVAL"`
}

// Validate reports everything that is wrong with c.
func (c ServerConfig) Validate() error {
	var faults core.Faults
	_, port, err := net.SplitHostPort(c.Addr)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port)
	}
	faults.Require(err == nil, "Addr", c.Addr, "must be host:port")
	for _, n := range []struct {
		field string
		value int
	}{
		{"MaxConcurrentStreams", c.MaxConcurrentStreams},
		{"MaxMessageBytes", c.MaxMessageBytes},
		{"MaxHeaderBytes", c.MaxHeaderBytes},
	} {
		faults.Require(n.value >= 0 && n.value <= math.MaxInt32, n.field, n.value, "must be from 0 to 2147483647")
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{
		{"HandshakeTimeout", c.HandshakeTimeout},
		{"MaxConnectionIdle", c.MaxConnectionIdle},
		{"MaxConnectionAge", c.MaxConnectionAge},
		{"MaxConnectionAgeGrace", c.MaxConnectionAgeGrace},
		{"KeepaliveTime", c.KeepaliveTime},
		{"KeepaliveTimeout", c.KeepaliveTimeout},
		{"MinPingInterval", c.MinPingInterval},
	} {
		faults.Require(d.value >= 0, d.field, d.value, "must not be negative")
	}
	return faults.Err()
}

func (c ServerConfig) withDefaults() ServerConfig {
	orDefault(&c.MaxConcurrentStreams, 256)
	orDefault(&c.MaxMessageBytes, 4<<20)
	orDefault(&c.MaxHeaderBytes, 64<<10)
	orDefault(&c.HandshakeTimeout, 10*time.Second)
	orDefault(&c.MaxConnectionIdle, 15*time.Minute)
	orDefault(&c.KeepaliveTime, time.Minute)
	orDefault(&c.KeepaliveTimeout, 20*time.Second)
	orDefault(&c.MinPingInterval, 10*time.Second)
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// options says the same to gRPC.
func (c ServerConfig) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxConcurrentStreams(uint32(c.MaxConcurrentStreams)), // Validate bounds these
		grpc.MaxRecvMsgSize(c.MaxMessageBytes),
		grpc.MaxHeaderListSize(uint32(c.MaxHeaderBytes)),
		grpc.ConnectionTimeout(c.HandshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: c.MaxConnectionIdle,
			MaxConnectionAge:  c.MaxConnectionAge, MaxConnectionAgeGrace: c.MaxConnectionAgeGrace,
			Time: c.KeepaliveTime, Timeout: c.KeepaliveTimeout,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: c.MinPingInterval, PermitWithoutStream: true}),
	}
}

// Server serves gRPC as a core.Service. Start listens before it returns, so an address in use is an
// error of Start; an error of serving later is told by Failed. Stop takes no new call, lets those in
// flight finish and cuts off the rest. It can be started again.
type Server struct {
	name     string
	cfg      ServerConfig
	register func(grpc.ServiceRegistrar)
	opts     []grpc.ServerOption
	failed   chan error

	mu      sync.Mutex
	current *serving // nil unless started
	addr    net.Addr // of the last Start
}

var _ core.Watched = (*Server)(nil)

// NewServer makes a server of the services that register registers, which is called on every Start. The
// options are added to those the config makes: those of a [Guard], credentials. The name is the subject of
// the server's errors, and a pprof label of its goroutines.
func NewServer(name string, cfg ServerConfig, register func(grpc.ServiceRegistrar), opts ...grpc.ServerOption) (*Server, error) {
	var faults core.Faults
	faults.Require(register != nil, "register", "nil", "must not be nil")
	if err := core.Configure("flowgrpc", name, errors.Join(cfg.Validate(), faults.Err())); err != nil {
		return nil, err
	}
	return &Server{name: name, cfg: cfg.withDefaults(), register: register, opts: opts, failed: make(chan error, 1)}, nil
}

// Addr is the address the server listens on; nil before Start.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Failed gives the error when serving ends before Stop.
func (s *Server) Failed() <-chan error { return s.failed }

// Start listens, and serves in the background.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		return fmt.Errorf("flowgrpc: server %q is already started", s.name)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("flowgrpc: server %q: %w", s.name, err)
	}
	select {
	case <-s.failed: // of an earlier start
	default:
	}
	run := newServing(append(s.cfg.options(), s.opts...))
	s.register(run.server)
	run.listener = listener
	s.current, s.addr = run, listener.Addr()
	go telemetry.Labeled(context.WithoutCancel(ctx), "server", s.name, func(context.Context) {
		defer close(run.done)
		if err := run.server.Serve(listener); !run.stopped.Load() {
			s.failed <- fmt.Errorf("flowgrpc: server %q: %w", s.name, err)
		}
	})
	return nil
}

// Stop stops the server: it tells clients to go elsewhere, ends Watch calls of the health service,
// which would not end by themselves, and waits for the other calls. When ctx ends before they do, their
// connections are closed and the error says how many calls that cut off.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	run := s.current
	s.mu.Unlock()
	if run == nil {
		return nil
	}
	err := run.leave(ctx, s.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == run {
		s.current = nil
	}
	if err != nil {
		return fmt.Errorf("flowgrpc: server %q: %w", s.name, err)
	}
	return nil
}
