package lease

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// Locker gives leases on keys: at any time at most one holder of a key trusts its lease, among all
// Lockers, in all processes, that use the same keys of the same [Store]. Most callers want [Locker.Acquire],
// or one of the policies: [Once], [Exclusive], [WhileLeader].
//
// All methods are safe for concurrent use. Leases are renewed by timers: a goroutine runs only while the store is
// asked.
type Locker struct {
	store   Store
	watcher Watcher // the store's second face, or nil
	cfg     Config
	inst    instrument
	metrics points
	wall    func() int64 // the wall clock, in nanoseconds

	counts counts
}

// counts are what a Locker counts.
type counts struct {
	granted, held, done, failed, cancelled atomic.Int64
	released, lost, expired, abandoned     atomic.Int64
	renewed, refused, unanswered           atomic.Int64
	active, waiting                        atomic.Int64
}

// NewLocker makes a Locker over a store. The name is its telemetry's and its errors'; it is no part of the
// keys. A wrong config is an error that names every field at fault. Close it when it is no longer needed.
func NewLocker(name string, store Store, cfg Config, opts ...Option) (*Locker, error) {
	var faults core.Faults
	faults.Require(store != nil, "store", store, "must not be nil")
	if err := core.Configure("lease", name, errors.Join(faults.Err(), cfg.Validate())); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	l := &Locker{store: store, cfg: cfg.withDefaults(), wall: wallClock, inst: newInstrument(name, o)}
	l.watcher, _ = store.(Watcher)
	l.metrics = l.inst.points()
	l.inst.start((*reading)(l))
	return l, nil
}

// Name is the name the locker was made with.
func (l *Locker) Name() string { return l.inst.name }

// String gives the name and how long a lease lasts.
func (l *Locker) String() string {
	return fmt.Sprintf("locker %q: leases of %v", l.inst.name, l.cfg.TTL)
}

// Close takes the locker out of telemetry; its counts stay in its kind's totals. Leases go on as before.
// It is idempotent.
func (l *Locker) Close() { l.inst.stop() }

// Acquire waits until key is free and takes it. Those who wait are served in no certain order. A store
// that fails is asked again. It returns an error when ctx ends, or a [*HeldError] when key is marked as
// done or too many wait already. The lease's context is made of ctx, so the end of ctx ends the lease:
// renewing stops, and [Lease.Release] is still to be called.
//
// A key may be any text but the empty one; of those over 256 bytes, the store sees the SHA-256.
func (l *Locker) Acquire(ctx context.Context, key string) (*Lease, error) {
	return l.acquire(request{ctx: ctx, holder: ctx, key: key, wait: true})
}

// TryAcquire takes key if it is free, and otherwise returns a [*HeldError]. It asks the store once; if
// that fails it is a [*StoreError]. See [Locker.Acquire] for the rest.
func (l *Locker) TryAcquire(ctx context.Context, key string) (*Lease, error) {
	return l.acquire(request{ctx: ctx, holder: ctx, key: key})
}

// storeKey is what the store knows a key as.
func storeKey(key string) string {
	if len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

const maxKey = 256

// newOwner names a holder: 130 random bits.
func newOwner() string { return rand.Text() }

// jitter spreads d down to half of it, so that many who wait do not ask at the same time.
func jitter(d time.Duration) time.Duration { return d/2 + mathrand.N(d/2+1) }

// moment is a time on both clocks. The monotonic clock is not set by anyone, but stands still while the
// machine is suspended; the wall clock does not.
type moment struct{ mono, wall int64 }

func (l *Locker) now() moment { return moment{clock.Now(), l.wall()} }

func wallClock() int64 { return time.Now().UnixNano() }

// since is how long ago m was, by the clock that says more.
func (l *Locker) since(m moment) time.Duration {
	now := l.now()
	return time.Duration(max(now.mono-m.mono, now.wall-m.wall))
}
