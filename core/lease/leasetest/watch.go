package leasetest

import (
	"time"

	"github.com/goflow-go/goflow/core/lease"
)

// watcher gives the store's second face, if it has one.
func (s *subject) watcher() (lease.Watcher, bool) {
	w, ok := s.store.(lease.Watcher)
	return w, ok
}

// told checks whether one who watches is told.
func (s *subject) told(freed <-chan struct{}, want bool, why string) {
	s.tb.Helper()
	got := false
	select {
	case <-freed:
		got = true
	case <-time.After(max(s.ttl()/2, 5*s.slack())):
	}
	if got != want {
		s.tb.Errorf("%s: told is %v, want %v", why, got, want)
	}
}

func tellsWatchers(s *subject) {
	w, ok := s.watcher()
	if !ok {
		return
	}
	held := s.granted(s.key, ann, "a new key")
	first, stop := w.Watch(s.key)
	defer stop()
	s.told(first, false, "held")
	if s.over(held, s.ttl()) {
		return
	}
	s.extend(ann, s.ttl(), true, "held")
	s.release(s.key, ann, 0, true, "held")
	s.told(first, true, "released")
	s.granted(s.key, bob, "released")
	second, stop := w.Watch(s.key)
	stop()
	third, stop := w.Watch(s.key)
	defer stop()
	s.release(s.key, bob, 0, true, "held")
	s.told(third, true, "released, after one watch was ended")
	s.told(second, false, "its watch was ended")
}

func passesOn(s *subject) {
	w, ok := s.watcher()
	if !ok {
		return
	}
	s.granted(s.key, ann, "a new key")
	first, stopFirst := w.Watch(s.key)
	second, stopSecond := w.Watch(s.key)
	s.release(s.key, ann, 0, true, "held")
	select {
	case <-first:
		stopFirst()
		s.told(second, true, "the first left the key free")
		stopSecond()
	case <-second:
		stopSecond()
		s.told(first, true, "the second left the key free")
		stopFirst()
	case <-time.After(max(s.ttl()/2, 5*s.slack())):
		s.tb.Error("of two who watched, none was told")
	}
}
