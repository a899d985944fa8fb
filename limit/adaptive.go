package limit

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Adaptive bounds what runs at the same time, and finds the bound itself: it grows while latency stays as
// it is without queueing, and shrinks when latency grows or the work is turned away. Use it as a policy
// around calls to a dependency whose capacity is not known, or changes.
//
// A task that returns nil gives a latency sample. One that fails with overload (see [WithOverload]) is a
// drop: with a hundredth of them and more the limit shrinks by a tenth, with many by up to half. Any other
// failure says nothing about capacity and is left out. The limit moves at most once per
// window, by tasks admitted since it last moved, and grows only if they came near it. All methods are
// safe for concurrent use. It starts no goroutine.
type Adaptive struct {
	inflight
	samples // shares the cache line of the word

	wait     bool
	overload func(error) bool
	window   int64

	mu      sync.Mutex // of control
	control control
}

// samples is the window that is being measured.
type samples struct {
	since atomic.Int64 // when it began
	from  atomic.Int64 // tasks admitted before do not count
	need  atomic.Int64 // samples
	taken atomic.Int64 // latencies
	sum   atomic.Int64 // of latencies, in ns
	drops atomic.Int64
	peak  atomic.Uint64 // the most held when one ended
}

var _ core.Admitter = (*Adaptive)(nil)

// NewAdaptive makes an adaptive limit. The name is its telemetry's and its errors'. A wrong config is an
// error that names every field at fault. Close it when it is no longer needed.
func NewAdaptive(name string, cfg AdaptiveConfig, opts ...Option) (*Adaptive, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	a := &Adaptive{wait: cfg.Wait, window: int64(cfg.Window), overload: newOptions(opts).overload}
	a.control = newControl(cfg)
	now := clock.Now()
	a.since.Store(now)
	a.from.Store(now)
	a.need.Store(a.control.samples())
	a.init(name, flowconv.LimiterAlgorithmAdaptive, cfg.Initial, lineConfig{cfg.MaxWaiters, cfg.CriticalWaiters, cfg.PriorityStep}, opts)
	a.inst.start((*inflightReading)(&a.inflight))
	return a, nil
}

// Name is the name the limit was made with.
func (a *Adaptive) Name() string { return a.inst.name }

// Admit takes a permit: it waits in line when the config says Wait, as [Concurrency.Acquire] does, and
// otherwise returns a [*FullError] at once when there is none. Latency is measured from its return.
func (a *Adaptive) Admit(ctx context.Context) (core.Ticket, error) {
	if err := a.admit(ctx, a.wait); err != nil {
		return core.Ticket{}, err
	}
	return core.Ticket{Start: clock.Now()}, nil
}

// Done releases the permit of an admission and takes its latency or its failure into account.
func (a *Adaptive) Done(t core.Ticket, err error) {
	w := a.release(1)
	if t.Start < a.from.Load() {
		return
	}
	now := clock.Now()
	ended := a.drops.Load()
	switch {
	case err == nil:
		a.sum.Add(now - t.Start)
		ended += a.taken.Add(1)
	case a.overload(err):
		ended = a.taken.Load() + a.drops.Add(1)
	default:
		return
	}
	if held := w.held(); held > a.peak.Load() {
		a.peak.Store(held) // of two at the same time the smaller may win: near enough
	}
	if now-a.since.Load() >= a.window && ended >= a.need.Load() {
		a.turn(now)
	}
}

// turn ends the window and moves the limit. Samples that come in just then may be lost, or fall into the
// next window.
func (a *Adaptive) turn(now int64) {
	if !a.mu.TryLock() {
		return // someone else does
	}
	defer a.mu.Unlock()
	since := a.since.Load()
	if now-since < a.window {
		return // someone else just did
	}
	a.setLimit(a.control.move(now, measured{
		length:   now - since,
		finished: a.allowed.Load() + a.delayed.Load() - int64(a.load().held()),
		taken:    a.taken.Swap(0),
		sum:      a.sum.Swap(0),
		drops:    a.drops.Swap(0),
		peak:     a.peak.Swap(0),
	}))
	if a.control.probing {
		a.from.Store(now)
	}
	a.need.Store(a.control.samples())
	a.since.Store(now)
}

// Do runs task while it holds a permit; see [Adaptive.Admit].
func (a *Adaptive) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, a, task) }

// Stats reads the counters and the state. Burst is the limit in force.
func (a *Adaptive) Stats() Stats { return a.stats() }

// Close takes the limit out of telemetry; its counts stay in its kind's totals. It goes on to work
// as before, but is not counted there. It is idempotent.
func (a *Adaptive) Close() { a.inst.stop() }

// String gives the name and the limit in force.
func (a *Adaptive) String() string {
	return fmt.Sprintf("adaptive limit %q: %d now", a.inst.name, a.load().limit())
}
