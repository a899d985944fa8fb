package redistest

import (
	"context"
	"crypto/tls"
	"fmt"
	"testing"
	"time"
)

// Server is one server. Its methods may be called at the same time and from any goroutine, until the test
// ends. What fails is reported to the test, by [testing.TB.Errorf].
type Server struct {
	tb   testing.TB
	node *node
}

// Single starts one server.
func Single(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	return &Server{tb, own(tb, (*lab).single, opts).nodes[0]}
}

// own sets up servers that end with the test.
func own(tb testing.TB, setUp func(*lab) error, opts []Option) *lab {
	tb.Helper()
	l, err := newLab(tb.TempDir(), opts)
	if err == nil {
		err = l.build(func() error { return setUp(l) })
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.close)
	return l
}

// single starts one server.
func (l *lab) single() error {
	nodes, err := l.add(1)
	if err != nil {
		return err
	}
	if err := nodes[0].configure(); err != nil {
		return err
	}
	return nodes[0].start()
}

// serversOf wraps nodes for a test.
func serversOf(tb testing.TB, nodes []*node) []*Server {
	servers := make([]*Server, len(nodes))
	for i, n := range nodes {
		servers[i] = &Server{tb, n}
	}
	return servers
}

// Addr is where it listens: "127.0.0.1:12345".
func (s *Server) Addr() string { return s.node.addr() }

// TLS is what clients need to trust it, or nil without [WithTLS].
func (s *Server) TLS() *tls.Config { return s.node.lab.clientTLS() }

// Pid is its process, which is another after each [Server.Revive].
func (s *Server) Pid() int {
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	return s.node.proc.cmd.Process.Pid
}

// Running tells whether it can answer: neither killed nor paused.
func (s *Server) Running() bool { return s.node.running() }

// Do sends one command on a connection of its own, and gives the answer. The error has the server's text
// when that answered with one: "redistest: 127.0.0.1:12345: GET: WRONGTYPE ...". It waits 5 s at most.
func (s *Server) Do(args ...string) (Reply, error) { return s.node.do(args...) }

// MustDo is [Server.Do] for what cannot fail. It ends the test when it does, so it is for the test's own
// goroutine alone.
func (s *Server) MustDo(args ...string) Reply {
	s.tb.Helper()
	reply, err := s.Do(args...)
	if err != nil {
		s.tb.Fatal(err)
	}
	return reply
}

// Kill ends it with SIGKILL, as a crash would. It returns when the process is gone.
func (s *Server) Kill() { s.node.kill() }

// Pause stops it with SIGSTOP: connections stay open, and nothing is answered. It returns when the process
// stands still.
func (s *Server) Pause() {
	s.tb.Helper()
	s.check(s.node.pause())
}

// Resume lets it go on after [Server.Pause].
func (s *Server) Resume() {
	s.tb.Helper()
	s.check(s.node.resume())
}

// Revive starts it again after [Server.Kill], at the same address, with what it had on disk. It returns
// when the server answers.
func (s *Server) Revive() {
	s.tb.Helper()
	s.check(s.node.start())
}

// AwaitRole waits until it is a "master" or a "slave". The error says what was missing when ctx ended.
func (s *Server) AwaitRole(ctx context.Context, role string) error {
	return poll(ctx, later, func(context.Context) error { return s.node.hasRole(role) })
}

// SetPassword changes the password while it runs. Connections that are open stay as they are.
func (s *Server) SetPassword(password string) {
	s.tb.Helper()
	s.check(s.node.setPassword(password))
}

// SetClock moves the wall clock that it sees to the real one plus offset: TIME and expiries follow, what
// it measures by the monotonic clock does not. It needs [WithClock].
func (s *Server) SetClock(offset time.Duration) {
	s.tb.Helper()
	s.check(s.node.setClock(offset))
}

// Log is the end of what it logged.
func (s *Server) Log() string { return s.node.tail() }

func (s *Server) check(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Errorf("%v\n%s", err, s.node.tail())
	}
}

// String reads `redis 127.0.0.1:12345`.
func (s *Server) String() string { return fmt.Sprintf("redis %s", s.Addr()) }
