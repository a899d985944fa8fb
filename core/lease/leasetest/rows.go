package leasetest

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core/lease"
)

// row is one promise, and how it is checked.
type row struct {
	name  string
	check func(s *subject)
}

var rows = []row{
	{"gives a free key to one owner", givesAFreeKey},
	{"frees a key when its time is over", freesInTime},
	{"extends a lease from now", extendsFromNow},
	{"extends for the holder alone", extendsForItsHolder},
	{"frees a key that is released", freesWhatIsReleased},
	{"releases for the holder alone", releasesForItsHolder},
	{"gives a key that is done to no one", keepsWhatIsDone},
	{"gives again to the same owner", givesAgain},
	{"gives tokens that rise", tokensRise},
	{"keeps keys apart", keepsKeysApart},
	{"gives a key to one of many", givesToOneOfMany},
	{"fails when its context has ended", failsAfterTheEnd},
	{"tells those who watch", tellsWatchers},
	{"lets one watcher tell the next", passesOn},
	{"lets one worker of many act at a time", oneAtATime},
	{"ends the trust of who is cut off before another begins", endsTrustInTime},
}

func givesAFreeKey(s *subject) {
	g := s.granted(s.key, ann, "a new key")
	s.refused(lease.Held, g, s.ttl(), "held")
	s.refused(lease.Held, g, s.ttl(), "held, after it was asked for before")
}

func freesInTime(s *subject) {
	g := s.granted(s.key, ann, "a new key")
	s.freedAfter(lease.Held, g, s.ttl(), "held")
}

func extendsFromNow(s *subject) {
	held := s.granted(s.key, ann, "a new key")
	pause(s.ttl() / 2)
	if s.over(held, s.ttl()) {
		return
	}
	g := s.extend(ann, s.ttl(), true, "held")
	s.freedAfter(lease.Held, g, s.ttl(), "extended")
	g = s.extend(bob, s.ttl()/2, true, "held by the next")
	pause(time.Until(g.after.Add(s.ttl()/2 + s.slack())))
	s.granted(s.key, ann, "its new time is over, which is less than its old")
}

func extendsForItsHolder(s *subject) {
	s.extend(ann, s.ttl(), false, "a new key")
	g := s.granted(s.key, ann, "an extension that was refused changed nothing")
	pause(s.ttl() / 4)
	s.extend(bob, s.ttl(), false, "another's")
	s.freedAfter(lease.Held, g, s.ttl(), "an extension that was refused changed nothing")
	s.extend(ann, s.ttl(), false, "another's by now")
	s.release(s.key, bob, 0, true, "held")
	s.extend(bob, s.ttl(), false, "released")
	g = s.granted(s.key, ann, "released")
	pause(time.Until(g.after.Add(s.ttl() + s.slack())))
	s.extend(ann, s.ttl(), false, "its time is over")
	s.granted(s.key, bob, "its time is over, and the extension was refused")
}

func freesWhatIsReleased(s *subject) {
	s.granted(s.key, ann, "a new key")
	s.release(s.key, ann, 0, true, "held")
	s.release(s.key, ann, 0, false, "released before")
	s.granted(s.key, bob, "released")
	s.release(s.key, bob, 0, true, "held by the next")
	g := s.granted(s.key, ann, "released by the next")
	s.refused(lease.Held, g, s.ttl(), "held again")
}

func releasesForItsHolder(s *subject) {
	s.release(s.key, ann, 0, false, "a new key")
	g := s.granted(s.key, ann, "a new key")
	s.release(s.key, bob, 0, false, "another's")
	s.release(s.key, bob, s.ttl(), false, "another's, to be done")
	s.freedAfter(lease.Held, g, s.ttl(), "a release that was refused changed nothing")
	s.release(s.key, ann, 0, false, "another's by now")
	s.release(s.key, bob, 0, true, "its holder's")
}

func keepsWhatIsDone(s *subject) {
	s.granted(s.key, ann, "a new key")
	g := s.release(s.key, ann, 2*s.ttl(), true, "held")
	s.refused(lease.Done, g, 2*s.ttl(), "done")
	if again := s.acquire(s.key, ann, s.ttl()); again.State != lease.Done {
		s.tb.Fatalf("who has done it asked again and got %+v, want it done", again.Grant)
	}
	s.extend(ann, s.ttl(), false, "done")
	s.release(s.key, ann, 0, false, "done")
	s.freedAfter(lease.Done, g, 2*s.ttl(), "done")
}

func givesAgain(s *subject) {
	first := s.granted(s.key, ann, "a new key")
	pause(s.ttl() / 2)
	again := s.granted(s.key, ann, "its own key")
	if again.Token <= first.Token {
		s.tb.Errorf("token %d after %d", again.Token, first.Token)
	}
	s.freedAfter(lease.Held, again, s.ttl(), "given again")
}

func tokensRise(s *subject) {
	var last uint64
	next := func(why string) {
		s.tb.Helper()
		g := s.granted(s.key, ann, why)
		if g.Token <= last {
			s.tb.Fatalf("%s: token %d after %d", why, g.Token, last)
		}
		last = g.Token
	}
	over := func() { pause(s.ttl() + 2*s.slack()) }
	next("a new key")
	s.release(s.key, ann, 0, true, "held")
	next("released")
	over()
	next("its time is over")
	s.release(s.key, ann, s.ttl(), true, "held")
	over()
	next("it was done, and that is over")
	for range 20 {
		s.release(s.key, ann, 0, true, "held")
		next("released many times")
	}
	over()
	over()
	next("long forgotten")
}

func keepsKeysApart(s *subject) {
	long := s.key + strings.Repeat("k", 256-len(s.key))
	for i, suffix := range []string{"", ":", ":a", ":a:b", "{a}", "{}", "a b", "\r\n", "\x00", "é", "*", "\xff"} {
		key, owner := s.key+suffix, ann
		if i%2 > 0 {
			owner = bob
		}
		s.granted(key, owner, "the new key "+key)
	}
	s.granted(long, ann, "a key of 256 bytes")
	s.granted(long[:255]+"l", ann, "another key of 256 bytes")
	s.release(s.key+":a", ann, 0, true, "one of many")
	if g := s.acquire(s.key+":a:b", ann, s.ttl()); g.State != lease.Held {
		s.tb.Errorf("the release of one key made another %v", g.State)
	}
}

func givesToOneOfMany(s *subject) {
	for round := range 5 {
		var wg sync.WaitGroup
		var granted atomic.Int64
		var owner atomic.Value
		for i := range 16 {
			wg.Go(func() {
				who := ann + string(rune('a'+i))
				g, err := s.store.Acquire(context.Background(), s.key, who, s.ttl())
				if err == nil && g.State == lease.Granted {
					granted.Add(1)
					owner.Store(who)
				}
			})
		}
		wg.Wait()
		if n := granted.Load(); n != 1 {
			s.tb.Fatalf("round %d: %d of 16 got the key, want 1", round, n)
		}
		s.release(s.key, owner.Load().(string), 0, true, "who got it holds it")
	}
}

func failsAfterTheEnd(s *subject) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if g, err := s.store.Acquire(ctx, s.key, ann, s.ttl()); err == nil {
		s.tb.Errorf("Acquire gave %+v and no error", g)
	}
	s.granted(s.key, ann, "the store works on")
	if got, err := s.store.Extend(ctx, s.key, ann, s.ttl()); err == nil || got {
		s.tb.Errorf("Extend gave %v and error %v", got, err)
	}
	if got, err := s.store.Release(ctx, s.key, ann, 0); err == nil || got {
		s.tb.Errorf("Release gave %v and error %v", got, err)
	}
	s.release(s.key, ann, 0, true, "the store works on")
}
