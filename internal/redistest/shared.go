package redistest

import (
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
)

// shared are the servers that all tests of this process share. It is a variable because tests have no
// other way to meet.
var shared sharing

type sharing struct {
	mu              sync.Mutex
	open            bool // between the start and the end of M.Run
	single, cluster sharedLab
}

// sharedLab is started by who asks first. What failed is not tried again.
type sharedLab struct {
	lab *lab
	dir string
	err error
}

// M runs the tests of a package, and ends the servers they shared.
type M struct{ tests *testing.M }

// Main lets the tests of m use [Shared] and [SharedCluster]. Run m through it:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(redistest.Main(m)) }
func Main(m *testing.M) *M { return &M{m} }

// Run runs the tests and then ends the shared servers. It gives the exit code.
func (m *M) Run() int {
	shared.mu.Lock()
	shared.open = true
	shared.mu.Unlock()
	defer shared.close()
	return m.tests.Run()
}

// Shared is one server for all tests of a package, started by the first that asks. A test keeps to keys
// with its own [Prefix], and neither ends the server nor changes its settings.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	return &Server{tb, shared.get(tb, &shared.single, (*lab).single).nodes[0]}
}

// SharedCluster is [Shared] with a cluster.
func SharedCluster(tb testing.TB) *Nodes {
	tb.Helper()
	return &Nodes{tb, shared.get(tb, &shared.cluster, (*lab).cluster).nodes}
}

// Prefix is what the keys of one run of a test start with. No other run has the same.
func Prefix(testing.TB) string { return strings.ToLower(rand.Text()[:10]) + ":" }

// get gives the servers, after starting them if need be.
func (s *sharing) get(tb testing.TB, which *sharedLab, setUp func(*lab) error) *lab {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		tb.Fatal("redistest: shared servers need a TestMain that runs redistest.Main(m)")
	}
	if which.lab == nil && which.err == nil {
		which.start(setUp)
	}
	if which.err != nil {
		tb.Fatal(which.err)
	}
	return which.lab
}

func (s *sharedLab) start(setUp func(*lab) error) {
	var l *lab
	s.dir, s.err = os.MkdirTemp("", "redistest-")
	if s.err == nil {
		l, s.err = newLab(s.dir, []Option{WithPatience()})
	}
	if s.err == nil {
		s.err = l.build(func() error { return setUp(l) })
	}
	if s.err == nil {
		s.lab = l
	}
}

func (s *sharing) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	s.single.close()
	s.cluster.close()
}

func (s *sharedLab) close() {
	if s.lab != nil {
		s.lab.close()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
	s.lab, s.err = nil, errors.New("redistest: the shared servers have ended")
}
