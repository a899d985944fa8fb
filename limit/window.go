package limit

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
	"github.com/goflow-go/goflow/telemetry"
)

// WindowConfig is the config of a [FixedWindow], a [SlidingWindow] or a [SlidingLog].
type WindowConfig struct {
	// Limit is how many permits a window holds. Required. At most 1,048,576 for a SlidingLog.
	Limit int `json:"limit" yaml:"limit" env:"LIMIT"`
	// Window is how long a window is, 1ms at the least. Required.
	Window time.Duration `json:"window" yaml:"window" env:"WINDOW"`
}

// Validate reports everything that is wrong with c.
func (c WindowConfig) Validate() error { return c.validate(math.MaxInt32) }

func (c WindowConfig) validate(maxLimit int) error {
	var faults core.Faults
	faults.Require(c.Limit > 0, "Limit", c.Limit, "must be above 0")
	faults.Require(c.Limit <= maxLimit, "Limit", c.Limit, fmt.Sprintf("must be at most %d", maxLimit))
	faults.Require(c.Window >= time.Millisecond, "Window", c.Window, "must be at least 1ms")
	faults.Require(c.Window <= maxWindow, "Window", c.Window, fmt.Sprintf("must be at most %v", maxWindow))
	return faults.Err()
}

// maxWindow is a leap year.
const maxWindow = 366 * 24 * time.Hour

func (c WindowConfig) rate() Rate { return Per(float64(c.Limit), c.Window) }

// windowed is what limiters by windows have in common: all but how they count.
type windowed struct {
	inst     instrument
	metrics  points
	maxLimit int
	count    counting
	denied   stripe.Counter

	_       [64]byte
	allowed atomic.Int64 // decisions
	more    atomic.Int64 // permits beyond the first of each decision
	_       [48]byte
}

// counting is how a limiter by windows counts. It is safe for concurrent use.
type counting interface {
	// allow takes n permits, or none. It is false for n that are not from 1 to the limit.
	allow(now int64, n int) bool
	// decide is allow that describes the decision. When n is not from 1 to the limit, only Limit is set.
	decide(now int64, n int) Decision
	// look gives the config in force and the permits in use.
	look(now int64) (WindowConfig, int)
	// change puts another config in force unless to fails. It reads the clock once no one else changes
	// it.
	change(now func() int64, to func(WindowConfig) (WindowConfig, error)) (WindowConfig, error)
}

// start makes the limiter ready. The config is valid.
func (w *windowed) start(name, algorithm string, count counting, opts []Option) {
	w.inst = newInstrument(name, opts)
	w.inst.algorithm = algorithm
	w.metrics = w.inst.points()
	w.count = count
	w.inst.start((*windowReading)(w))
}

// Name is the name the limiter was made with.
func (w *windowed) Name() string { return w.inst.name }

// Allow takes a permit if there is one. It never blocks.
func (w *windowed) Allow(ctx context.Context) bool { return w.AllowN(ctx, 1) }

// AllowN takes n permits if there are so many, or none. It never blocks. It is false for n that Take
// refuses with an error.
func (w *windowed) AllowN(ctx context.Context, n int) bool {
	if w.inst.scope.Traced(ctx) {
		d, err := w.takeTraced(ctx, spanAllow, n)
		return err == nil && d.Allowed
	}
	ok := w.count.allow(clock.Now(), n)
	w.counted(ok, n)
	return ok
}

// Take takes n permits if there are so many, or none, and describes the decision. It never blocks. The
// error is a [*PermitsError] when n is not positive or above the limit.
func (w *windowed) Take(ctx context.Context, n int) (Decision, error) {
	if w.inst.scope.Traced(ctx) {
		return w.takeTraced(ctx, spanTake, n)
	}
	return w.decide(clock.Now(), n)
}

func (w *windowed) takeTraced(ctx context.Context, verb string, n int) (Decision, error) {
	start := clock.Now()
	d, err := w.decide(start, n)
	w.inst.trace(ctx, verb, start, observation{n: n, outcome: outcomeOf(d.Allowed, 0), retryAfter: d.RetryAfter}, err)
	return d, err
}

// decide takes, counts and describes.
func (w *windowed) decide(now int64, n int) (Decision, error) {
	d := w.count.decide(now, n)
	w.counted(d.Allowed, n)
	if n <= 0 || n > d.Limit {
		return Decision{}, &PermitsError{Limiter: w.inst.name, Permits: n, Burst: d.Limit}
	}
	return d, nil
}

// counted counts a decision about n permits.
func (w *windowed) counted(ok bool, n int) {
	if !ok {
		w.denied.Add(1)
		return
	}
	w.allowed.Add(1)
	if n > 1 {
		w.more.Add(int64(n - 1))
	}
}

// SetLimit changes how many permits a window holds. Permits in use stay in use.
func (w *windowed) SetLimit(ctx context.Context, limit int) error {
	return w.set(ctx, func(c WindowConfig) WindowConfig { return WindowConfig{limit, c.Window} })
}

// SetWindow changes how long a window is. Permits in use stay in use; of those that had come back, a
// longer window need not count all again.
func (w *windowed) SetWindow(ctx context.Context, window time.Duration) error {
	return w.set(ctx, func(c WindowConfig) WindowConfig { return WindowConfig{c.Limit, window} })
}

func (w *windowed) set(ctx context.Context, to func(WindowConfig) WindowConfig) error {
	c, err := w.change(clock.Now, to)
	if err == nil {
		w.inst.quotaChanged(ctx, c.rate(), c.Limit)
	}
	return err
}

func (w *windowed) change(now func() int64, to func(WindowConfig) WindowConfig) (WindowConfig, error) {
	return w.count.change(now, func(c WindowConfig) (WindowConfig, error) {
		c = to(c)
		return c, core.Configure("limit", w.inst.name, c.validate(w.maxLimit))
	})
}

// Stats reads the counters and the state.
func (w *windowed) Stats() Stats {
	c, used := w.count.look(clock.Now())
	s := Stats{Allowed: w.allowed.Load(), Denied: w.denied.Load(), Rate: c.rate(), Burst: c.Limit, InUse: used}
	s.Permits = s.Allowed + w.more.Load()
	return s
}

// Close takes the limiter out of telemetry; its counts stay in its kind's totals. Decisions made
// afterwards are as right as before, but not counted there. It is idempotent.
func (w *windowed) Close() { w.inst.stop() }

// String gives the algorithm, the name and the rate.
func (w *windowed) String() string {
	c, _ := w.count.look(clock.Now())
	return fmt.Sprintf("%s %q: %v", strings.ReplaceAll(w.inst.algorithm, "_", " "), w.inst.name, c.rate())
}

// windowReading is how a limiter by windows is read at collection, kept off its method set.
type windowReading windowed

func (w *windowReading) Observe(o *telemetry.Observer) {
	s := (*windowed)(w).Stats()
	w.metrics.observe(o, s)
	o.Observe(&w.metrics.usage, int64(s.InUse))
}
