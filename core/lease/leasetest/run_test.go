package leasetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/core/lease/leasetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryPassesInRealTime(t *testing.T) {
	t.Parallel()
	leasetest.Run(t, func(*testing.T) lease.Store { return lease.NewMemory() }, leasetest.RealTime(20*time.Millisecond))
}

// polled is a store that is no Watcher.
type polled struct{ lease.Store }

func TestStoreThatTellsNobodyPasses(t *testing.T) {
	t.Parallel()
	leasetest.Run(t, func(*testing.T) lease.Store { return polled{lease.NewMemory()} })
}

// broken is a simple store that keeps its promises, but for one.
type broken struct {
	mu     sync.Mutex
	keys   map[string]held
	token  uint64
	faults faults
}

type held struct {
	owner string
	until time.Time
}

// faults are what is wrong with a broken store.
type faults struct {
	forgetsTokens, staysHeld, extendsFromThen, extendsAnyones, releasesAnyones, takesDone, refusesItself,
	sharesKeys, doesNotLock, goesOnAfterTheEnd, givesTwice, saysNoTime, neverExtends bool
}

func (b *broken) lock() func() {
	if b.faults.doesNotLock {
		b.mu.Lock()
		b.mu.Unlock() //nolint:staticcheck // the fault is that it locks nothing; this keeps the race detector out
		return func() {}
	}
	b.mu.Lock()
	return b.mu.Unlock
}

func (b *broken) find(key string) (string, held, bool) {
	if b.faults.sharesKeys {
		key = key[:len("leasetest:")+26]
	}
	h, ok := b.keys[key]
	return key, h, ok && (b.faults.staysHeld || time.Now().Before(h.until))
}

func (b *broken) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (lease.Grant, error) {
	if ctx.Err() != nil && !b.faults.goesOnAfterTheEnd {
		return lease.Grant{}, ctx.Err()
	}
	defer b.lock()()
	key, h, ok := b.find(key)
	mine := ok && h.owner == owner && !b.faults.refusesItself
	free := b.faults.givesTwice || b.faults.takesDone && h.owner == ""
	if ok && !mine && !free {
		g := lease.Grant{State: lease.Held, Remaining: time.Until(h.until)}
		if h.owner == "" {
			g.State = lease.Done
		}
		if b.faults.saysNoTime {
			g.Remaining = -1
		}
		return g, nil
	}
	if b.token++; b.faults.forgetsTokens && !mine {
		b.token = 1
	}
	b.keys[key] = held{owner, time.Now().Add(ttl)}
	return lease.Grant{State: lease.Granted, Token: b.token}, nil
}

func (b *broken) change(ctx context.Context, key, owner string, anyones bool, to func(key string, h held)) (bool, error) {
	if ctx.Err() != nil && !b.faults.goesOnAfterTheEnd {
		return false, ctx.Err()
	}
	defer b.lock()()
	key, h, ok := b.find(key)
	if ok = ok && (h.owner == owner || anyones); ok {
		to(key, h)
	}
	return ok, nil
}

func (b *broken) Extend(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	if b.faults.neverExtends {
		return true, nil
	}
	return b.change(ctx, key, owner, b.faults.extendsAnyones, func(key string, h held) {
		if h.until = time.Now().Add(ttl); b.faults.extendsFromThen {
			h.until = b.keys[key].until.Add(ttl)
		}
		b.keys[key] = h
	})
}

func (b *broken) Release(ctx context.Context, key, owner string, keep time.Duration) (bool, error) {
	return b.change(ctx, key, owner, b.faults.releasesAnyones, func(key string, _ held) {
		b.keys[key] = held{until: time.Now().Add(keep)}
	})
}

// fakeTB is a test that may fail without failing the test that uses it.
type fakeTB struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (f *fakeTB) Helper() {}

func (f *fakeTB) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func (f *fakeTB) Error(args ...any) { f.Errorf("%s", fmt.Sprint(args...)) }

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fakeTB) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

// caught lists the rows, of those named or else of all, that a store fails.
func caught(t *testing.T, newStore func() lease.Store, rows ...string) (names []string) {
	t.Helper()
	if len(rows) == 0 {
		rows = leasetest.Rows()
	}
	for _, name := range rows {
		synctest.Test(t, func(t *testing.T) {
			tb, done := &fakeTB{TB: t}, make(chan struct{})
			go func() {
				defer close(done)
				leasetest.CheckRow(tb, name, newStore())
			}()
			<-done
			if len(tb.failures) > 0 {
				names = append(names, name)
			}
		})
	}
	return names
}

func TestBrokenStoresAreCaught(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, caughtBy string
		faults         faults
	}{
		{"forgets its tokens", "gives tokens that rise", faults{forgetsTokens: true}},
		{"keeps a key for ever", "frees a key when its time is over", faults{staysHeld: true}},
		{"extends from the old end", "extends a lease from now", faults{extendsFromThen: true}},
		{"extends anyone's lease", "extends for the holder alone", faults{extendsAnyones: true}},
		{"does not extend", "extends a lease from now", faults{neverExtends: true}},
		{"lets anyone release", "releases for the holder alone", faults{releasesAnyones: true}},
		{"gives what is done", "gives a key that is done to no one", faults{takesDone: true}},
		{"locks an owner out", "gives again to the same owner", faults{refusesItself: true}},
		{"mixes keys up", "keeps keys apart", faults{sharesKeys: true}},
		{"gives a key twice", "gives a free key to one owner", faults{givesTwice: true}},
		{"gives a key to many", "gives a key to one of many", faults{givesTwice: true}},
		{"lets two workers act", "lets one worker of many act at a time", faults{givesTwice: true}},
		{"works under an ended context", "fails when its context has ended", faults{goesOnAfterTheEnd: true}},
		{"gives less than no time", "gives a free key to one owner", faults{saysNoTime: true}},
		{"gives a key away too early", "ends the trust of who is cut off before another begins", faults{givesTwice: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := caught(t, func() lease.Store { return &broken{keys: map[string]held{}, faults: c.faults} }, c.caughtBy)
			if len(got) == 0 {
				t.Errorf("the check that it %s did not fail", c.caughtBy)
			}
		})
	}
}

func TestStoreOfTheTestsIsRightWithoutAFault(t *testing.T) {
	t.Parallel()
	if got := caught(t, func() lease.Store { return &broken{keys: map[string]held{}} }); len(got) > 0 {
		t.Errorf("caught by %q, want by none", got)
	}
}

// deaf is a store that tells no one who watches, or all of them and no one else.
type deaf struct {
	*lease.Memory
	watch func(freed <-chan struct{}, stop func()) (<-chan struct{}, func())
}

func (d deaf) Watch(key string) (<-chan struct{}, func()) { return d.watch(d.Memory.Watch(key)) }

func TestBrokenWatchersAreCaught(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	close(over)
	for _, c := range []struct {
		name, caughtBy string
		watch          func(freed <-chan struct{}, stop func()) (<-chan struct{}, func())
	}{
		{"tells nobody", "tells those who watch", func(_ <-chan struct{}, stop func()) (<-chan struct{}, func()) { return nil, stop }},
		{"tells everybody always", "tells those who watch", func(_ <-chan struct{}, stop func()) (<-chan struct{}, func()) { return over, stop }},
		{"does not pass on", "lets one watcher tell the next", func(freed <-chan struct{}, _ func()) (<-chan struct{}, func()) { return freed, func() {} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := caught(t, func() lease.Store { return deaf{lease.NewMemory(), c.watch} }, c.caughtBy)
			if len(got) == 0 {
				t.Errorf("the check that it %s did not fail", c.caughtBy)
			}
		})
	}
}

func TestFailingStoreIsCaught(t *testing.T) {
	t.Parallel()
	got := caught(t, func() lease.Store { return failing{} })
	if len(got) < len(leasetest.Rows())-2 { // two are of watchers
		t.Errorf("caught by %q, want by all", got)
	}
}

// failing is a store that is not there.
type failing struct{}

var errDown = errors.New("connection refused")

func (failing) Acquire(context.Context, string, string, time.Duration) (lease.Grant, error) {
	return lease.Grant{}, errDown
}

func (failing) Extend(context.Context, string, string, time.Duration) (bool, error) {
	return false, errDown
}

func (failing) Release(context.Context, string, string, time.Duration) (bool, error) {
	return false, errDown
}
