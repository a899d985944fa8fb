package leasetest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core/lease"
)

// subject is a store under test.
type subject struct {
	tb testing.TB
	options
	store lease.Store
	key   string // of this subtest alone
}

func newSubject(tb testing.TB, o options, store lease.Store) *subject {
	tb.Helper()
	return &subject{tb: tb, options: o, store: store, key: "leasetest:" + rand.Text()}
}

// The owners of the suite.
const (
	ann = "ann-7f6d0c0a4b1e4a7d"
	bob = "bob-0b8a3f9d2c5e6f71"
)

// asked is an answer, and when it was asked for and given.
type asked struct {
	lease.Grant
	before, after time.Time
}

func (s *subject) acquire(key, owner string, ttl time.Duration) asked {
	s.tb.Helper()
	before := time.Now()
	g, err := s.store.Acquire(context.Background(), key, owner, ttl)
	if err != nil {
		s.tb.Fatalf("Acquire: %v", err)
	}
	s.consistent(g)
	return asked{g, before, time.Now()}
}

// consistent checks what holds for any answer.
func (s *subject) consistent(g lease.Grant) {
	s.tb.Helper()
	switch {
	case g.State > lease.Done:
		s.tb.Fatalf("got %+v, but there is no such state", g)
	case (g.State == lease.Granted) != (g.Token > 0):
		s.tb.Fatalf("got %+v, but a key that is granted comes with a token, and no other does", g)
	case g.Remaining < 0 || g.State == lease.Granted && g.Remaining != 0:
		s.tb.Fatalf("got %+v, but time remains only of what is held or done", g)
	}
}

// granted takes a key that must be free.
func (s *subject) granted(key, owner, why string) asked {
	s.tb.Helper()
	g := s.acquire(key, owner, s.ttl())
	if g.State != lease.Granted {
		s.tb.Fatalf("%s: got %+v, want it granted", why, g.Grant)
	}
	return g
}

// refused asks for a key that must be in a state until its time, counted from since, is over. In real time, it
// may be too late to tell.
func (s *subject) refused(state lease.State, since asked, until time.Duration, why string) {
	s.tb.Helper()
	g := s.acquire(s.key, bob, s.ttl())
	if g.after.Sub(since.before) >= until-s.slack() {
		return
	}
	if g.State != state {
		s.tb.Fatalf("%s: got %+v, want it %v", why, g.Grant, state)
	}
	most, least := until-g.before.Sub(since.after)+s.slack(), until-g.after.Sub(since.before)-s.slack()
	if g.Remaining != 0 && (g.Remaining > most || g.Remaining < least) {
		s.tb.Fatalf("%s: Remaining is %v, want from %v to %v", why, g.Remaining, least, most)
	}
}

// over says that so long after an answer it is too late to tell: the process may have stood still, in real time.
func (s *subject) over(since asked, after time.Duration) bool {
	return s.real && time.Since(since.before) >= after-s.slack()
}

// freedAfter checks that a key is in a state until its time, counted from since, is over, and then bob's.
func (s *subject) freedAfter(state lease.State, since asked, after time.Duration, why string) {
	s.tb.Helper()
	early := s.resolution
	if s.real {
		early = 3 * s.resolution
	}
	pause(time.Until(since.before.Add(after - early)))
	s.refused(state, since, after, why+": just before its time is over")
	pause(time.Until(since.after.Add(after + s.slack())))
	s.granted(s.key, bob, why+": its time is over")
}

func (s *subject) extend(owner string, ttl time.Duration, want bool, why string) asked {
	s.tb.Helper()
	before := time.Now()
	got, err := s.store.Extend(context.Background(), s.key, owner, ttl)
	if err != nil || got != want {
		s.tb.Fatalf("%s: Extend gave %v and error %v, want %v", why, got, err, want)
	}
	return asked{before: before, after: time.Now()}
}

func (s *subject) release(key, owner string, keep time.Duration, want bool, why string) asked {
	s.tb.Helper()
	before := time.Now()
	got, err := s.store.Release(context.Background(), key, owner, keep)
	if err != nil || got != want {
		s.tb.Fatalf("%s: Release gave %v and error %v, want %v", why, got, err, want)
	}
	return asked{before: before, after: time.Now()}
}

// pause lets time pass.
func pause(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
