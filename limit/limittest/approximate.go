package limittest

import (
	"time"
)

// exhaust takes permits one by one until it is denied, and gives their number, which must be what a
// limiter that was full may give.
func (s *subject) exhaust(why string) (got int) {
	s.tb.Helper()
	began := time.Now()
	for s.take(1).Allowed {
		if got++; got > s.most(time.Since(began)+s.slack()) {
			s.tb.Fatalf("%s: %d permits at once, want at most %d", why, got, s.burst)
		}
	}
	if got < s.least {
		s.tb.Fatalf("%s: %d permits at once, want at least %d", why, got, s.least)
	}
	return got
}

func startsNearlyFull(s *subject) { s.exhaust("a new limiter") }

func deniedTakesNothingAtAll(s *subject) {
	first := s.allowed(s.least, "a new limiter")
	began := first.before
	got := s.least
	for range 20 {
		if s.take(s.least).Allowed {
			got += s.least
		}
	}
	if most := s.most(time.Since(began) + s.slack()); got > most {
		s.tb.Fatalf("%d permits at once, want at most %d", got, most)
	}
	pause(s.refill() + s.slack())
	s.exhaust("full again after many denials")
}

func neverAboveBurstByOnes(s *subject) {
	s.exhaust("a new limiter")
	pause(s.idle())
	s.exhaust("after a long time")
}

// paysBackNearTheRate asks for a permit whenever one comes.
func paysBackNearTheRate(s *subject) {
	began := time.Now()
	got := s.exhaust("a new limiter")
	for range 3 * s.burst {
		pause(s.interval)
		if s.take(1).Allowed {
			got++
		}
		if most := s.most(time.Since(began) + s.slack()); got > most {
			s.tb.Fatalf("%d permits in %v, want at most %d", got, time.Since(began), most)
		}
	}
	if !s.real && got < 3*s.burst {
		s.tb.Errorf("%d permits in the time in which %d come", got, 3*s.burst)
	}
}
