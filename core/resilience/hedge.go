package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// HedgeConfig is the config of a [Hedge].
type HedgeConfig struct {
	// After is how long a run may take before another is started. Defaults to 0: measured, by
	// Quantile.
	After time.Duration `json:"after" yaml:"after" env:"AFTER"`
	// Quantile makes After this quantile of how long recent calls took, between 0 and 1. Defaults
	// to 0.95. It must not be set with After.
	Quantile float64 `json:"quantile" yaml:"quantile" env:"QUANTILE"`
	// MinSamples is how many calls are measured before the first is hedged; Quantile is over the last
	// 10 to 20 times as many. Defaults to 100.
	MinSamples int `json:"min_samples" yaml:"min_samples" env:"MIN_SAMPLES"`
	// Max is how many extra runs a call may have. Defaults to 1.
	Max int `json:"max" yaml:"max" env:"MAX"`
	// Budget is how many extra runs there may be for each call, over all calls of the last 10 s.
	// Defaults to 0.1; a negative value means no bound.
	Budget float64 `json:"budget" yaml:"budget" env:"BUDGET"`
	// MinPerSecond is how many extra runs a second (over the same 10 s) are within the budget
	// however few calls there are. Defaults to 1; a negative value means none.
	MinPerSecond float64 `json:"min_per_second" yaml:"min_per_second" env:"MIN_PER_SECOND"`
}

// Validate reports everything that is wrong with c.
func (c HedgeConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.After >= 0, "After", c.After, "must not be negative")
	faults.Require(c.Quantile >= 0 && c.Quantile < 1, "Quantile", c.Quantile, "must be above 0 and below 1")
	faults.Require(c.After == 0 || c.Quantile == 0, "Quantile", c.Quantile, "must not be set with After")
	faults.Require(c.MinSamples >= 0, "MinSamples", c.MinSamples, "must not be negative")
	faults.Require(c.MinSamples <= maxSamples, "MinSamples", c.MinSamples, fmt.Sprintf("must be at most %d", maxSamples))
	faults.Require(c.Max >= 0, "Max", c.Max, "must not be negative")
	faults.Require(c.Max <= maxExtra, "Max", c.Max, fmt.Sprintf("must be at most %d", maxExtra))
	requireBudget(&faults, c.Budget, c.MinPerSecond)
	return faults.Err()
}

const (
	maxSamples = 1_000_000
	maxExtra   = 100
)

func (c HedgeConfig) withDefaults() HedgeConfig {
	orDefault(&c.Quantile, 0.95)
	orDefault(&c.MinSamples, 100)
	orDefault(&c.Max, 1)
	orDefault(&c.Budget, 0.1)
	orDefault(&c.MinPerSecond, 1)
	return c
}

// Hedge runs a task a second time when the first run takes longer than most do; the first run that
// succeeds is the answer. The task must be one that may run more than once, and at the same time.
//
// When it has its answer Do returns, and the other runs' context ends: they go on, unobserved, until
// they return, soon. A run that fails while no other runs is the answer: this is no retry. When all
// have failed, the error is the first run's. What a task returned must not depend on its context, which
// ends when Do returns.
//
// A panic of a run is contained: the run has failed with a *core.PanicError, and another may still
// succeed. Each call runs in a goroutine of its own, except those that are only measured. All
// methods are safe for concurrent use.
type Hedge struct {
	cfg     HedgeConfig
	took    latencies
	budget  budget // good: calls answered in time; bad: those that were not; extra: extra runs
	inst    instrument
	metrics hedgePoints

	results    [hedgeFailed + 1]atomic.Int64
	overBudget atomic.Int64
}

// What became of a call, by index of Hedge.results.
const (
	hedgeFirst uint8 = iota
	hedgeExtra
	hedgeFailed
)

// NewHedge makes a hedge. The name is its telemetry's and its errors'. A wrong config is an error
// that names every field at fault. Close it when it is no longer needed.
func NewHedge(name string, cfg HedgeConfig, opts ...Option) (*Hedge, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return nil, err
	}
	h := &Hedge{cfg: cfg.withDefaults(), inst: newInstrument(name, flowconv.HedgeNameKey, newOptions(opts))}
	h.took.quantile, h.took.least = h.cfg.Quantile, h.cfg.MinSamples
	h.budget.init(h.cfg.Budget, h.cfg.MinPerSecond)
	h.metrics = h.inst.hedgePoints()
	h.inst.start(hedges, (*hedgeReading)(h))
	return h, nil
}

// Name is the name the hedge was made with.
func (h *Hedge) Name() string { return h.inst.name }

// After is how long a run may take now before another is started; 0 while too few calls have been
// measured.
func (h *Hedge) After() time.Duration {
	if h.cfg.After > 0 {
		return h.cfg.After
	}
	return time.Duration(h.took.value.Load())
}

// Do runs task, and runs it again beside when it is late. It blocks until a run succeeds or all have
// failed, and returns soon after ctx ends.
func (h *Hedge) Do(ctx context.Context, task core.Task) error {
	after := h.After()
	if after == 0 {
		return h.measure(ctx, task)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(errDecided)
	r := race{hedge: h, task: task, ended: make(chan ending, 1+h.cfg.Max)}
	return r.run(ctx, after)
}

// errDecided is the cause of the context of runs that another was faster than.
var errDecided = errors.New("resilience: another run was faster")

// measure runs a call without a hedge.
func (h *Hedge) measure(ctx context.Context, task core.Task) error {
	start := clock.Now()
	err := core.Try(ctx, task)
	result := hedgeFirst
	if err == nil {
		h.took.add(time.Duration(clock.Now() - start))
	} else {
		result = hedgeFailed
	}
	h.budget.well()
	h.results[result].Add(1)
	return err
}

// race is one call. Only the goroutine of Do touches it, but for ended.
type race struct {
	hedge   *Hedge
	task    core.Task
	ended   chan ending // has room for all runs: none waits for a reader
	started int
	running int
}

// ending is how a run ended.
type ending struct {
	run int
	err error
}

func (r *race) run(ctx context.Context, after time.Duration) error {
	r.start(ctx)
	timer := time.NewTimer(after)
	defer timer.Stop()
	var first error
	late := false
	for {
		select {
		case e := <-r.ended:
			r.running--
			if e.run == 1 {
				first = e.err
			}
			if e.err == nil || r.running == 0 {
				r.hedge.decided(e, late)
				if e.err == nil {
					return nil
				}
				return first
			}
		case <-timer.C:
			if !late {
				r.hedge.budget.ill()
				late = true
			}
			if r.extra(ctx) && r.started <= r.hedge.cfg.Max {
				timer.Reset(after)
			}
		}
	}
}

// decided counts a call that has its answer.
func (h *Hedge) decided(e ending, late bool) {
	if !late {
		h.budget.well()
	}
	switch {
	case e.err != nil:
		h.results[hedgeFailed].Add(1)
	case e.run == 1:
		h.results[hedgeFirst].Add(1)
	default:
		h.results[hedgeExtra].Add(1)
	}
}

// extra starts an extra run, if there is a use for it and the budget has one.
func (r *race) extra(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	if !r.hedge.budget.take() {
		r.hedge.overBudget.Add(1)
		return false
	}
	r.start(ctx)
	return true
}

// start starts a run.
func (r *race) start(ctx context.Context) {
	r.started++
	r.running++
	n := r.started
	go telemetry.Labeled(ctx, "hedge", r.hedge.inst.name, func(ctx context.Context) { r.one(ctx, n) })
}

// one is the nth run. A run that ends its goroutine has failed like one that panics.
func (r *race) one(ctx context.Context, n int) {
	var span telemetry.Span
	if n > 1 && r.hedge.inst.scope.Traced(ctx) {
		ctx, span = r.hedge.inst.span(ctx, spanHedge, flowconv.HedgeRunKey, n)
	}
	err := error(&core.PanicError{})
	start := clock.Now()
	defer func() {
		if n == 1 {
			r.hedge.measured(ctx, time.Duration(clock.Now()-start), err)
		}
		span.End(err)
		r.ended <- ending{n, err}
	}()
	err = core.Try(ctx, r.task)
}

// measured takes a first run's time into account. One that was ended because another was faster took
// at least so long, and longer than the quantile; to leave it out would make every quantile too low.
func (h *Hedge) measured(ctx context.Context, d time.Duration, err error) {
	if h.cfg.After == 0 && (err == nil || context.Cause(ctx) == errDecided) { //nolint:errorlint // the very cause
		h.took.add(d)
	}
}

// Close takes the hedge out of telemetry; its counts stay in its kind's totals. It goes on working,
// but is not counted there. It is idempotent.
func (h *Hedge) Close() {
	h.budget.close()
	h.inst.stop()
}

// String gives the name and when a second run is started.
func (h *Hedge) String() string { return fmt.Sprintf("hedge %q: after %v", h.inst.name, h.After()) }
