package redistest

import "testing"

// Find looks for a server program.
func Find() (string, error) { return find() }

// Owns reads a server's view of a cluster.
func Owns(view string, slot int64) (epoch int, ok bool) { return owns(view, slot) }

// On is s for another test.
func On(tb testing.TB, s *Server) *Server { return &Server{tb, s.node} }

// StartAgain starts what may be running.
func StartAgain(s *Server) error { return s.node.start() }

// Rebuild sets up a server like Single, with a first attempt that finds its port taken.
func Rebuild(tb testing.TB, taken func(addr string)) *Server {
	tb.Helper()
	tries := 0
	setUp := func(l *lab) error {
		nodes, err := l.add(1)
		if err != nil {
			return err
		}
		if tries++; tries == 1 {
			taken(nodes[0].addr())
		}
		if err := nodes[0].configure(); err != nil {
			return err
		}
		return nodes[0].start()
	}
	return &Server{tb, own(tb, setUp, nil).nodes[0]}
}

// SentinelsOn is s for another test.
func SentinelsOn(tb testing.TB, s *Sentinels) *Sentinels { return &Sentinels{tb, s.nodes} }
