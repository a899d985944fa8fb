package resilience

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Fallback does something else when a task fails. For a task with a value use [CallOr]. All methods
// are safe for concurrent use.
type Fallback struct {
	otherwise func(ctx context.Context, err error) error
	on        func(error) bool
	inst      instrument
	counts    [fallbackFailed + 1]atomic.Int64
	metrics   [fallbackFailed + 1]telemetry.Point
}

// What became of a call, by index of Fallback.counts.
const (
	notNeeded uint8 = iota
	notFor
	fellBack
	fallbackFailed
)

// NewFallback makes a fallback that calls otherwise with the error of a task that failed. The name
// is its telemetry's and its errors'. Close it when it is no longer needed.
func NewFallback(name string, otherwise func(ctx context.Context, err error) error, opts ...Option) (*Fallback, error) {
	var faults core.Faults
	faults.Require(otherwise != nil, "otherwise", nil, "must not be nil")
	if err := core.Configure(pkg, name, faults.Err()); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	f := &Fallback{otherwise: otherwise, on: o.fallbackOn, inst: newInstrument(name, flowconv.FallbackNameKey, o)}
	if f.on == nil {
		f.on = func(error) bool { return true }
	}
	for i, outcome := range []string{
		flowconv.FallbackOutcomeSuccess, flowconv.FallbackOutcomeFailure,
		flowconv.FallbackOutcomeFallback, flowconv.FallbackOutcomeFallbackFailed,
	} {
		f.metrics[i] = f.inst.point(flowconv.FallbackCalls, flowconv.FallbackOutcomeKey.String(outcome))
	}
	f.inst.start(fallbacks, (*fallbackReading)(f))
	return f, nil
}

// Name is the name the fallback was made with.
func (f *Fallback) Name() string { return f.inst.name }

// Do runs task and, when it fails with an error to fall back on while the caller still waits, the
// fallback. When that fails too, the error matches both. Panics go on.
func (f *Fallback) Do(ctx context.Context, task core.Task) error {
	outcome := notFor // should task panic
	defer func() { f.counts[outcome].Add(1) }()
	err := task(ctx)
	switch {
	case err == nil:
		outcome = notNeeded
		return nil
	case ctx.Err() != nil || !f.on(err):
		return err
	}
	outcome = fallbackFailed // or panics
	if other := f.otherwise(ctx, err); other != nil {
		return fmt.Errorf("resilience: fallback %q: %w (after: %w)", f.inst.name, other, err)
	}
	outcome = fellBack
	return nil
}

// CallOr is core.Call with something to fall back on: when f fails under p while the caller still
// waits, the answer is that of otherwise, which is told the error. When that fails too, the error
// matches both. A nil p runs f as it is. It is not counted: p's own telemetry tells the failures.
func CallOr[T any](ctx context.Context, p core.Policy, f func(context.Context) (T, error), otherwise func(ctx context.Context, err error) (T, error)) (T, error) {
	v, err := core.Call(ctx, p, f)
	if err == nil || ctx.Err() != nil {
		return v, err
	}
	v, other := otherwise(ctx, err)
	if other != nil {
		return v, fmt.Errorf("%w (after: %w)", other, err)
	}
	return v, nil
}

// FallbackStats is what a [Fallback] has counted since it was made.
type FallbackStats struct {
	Successes       int64 // calls whose task succeeded
	Failures        int64 // calls that failed with an error not to fall back on, panics included
	Fallbacks       int64 // calls the fallback answered
	FallbacksFailed int64 // calls whose fallback failed too
}

// Stats reads the counters.
func (f *Fallback) Stats() FallbackStats {
	return FallbackStats{
		f.counts[notNeeded].Load(), f.counts[notFor].Load(),
		f.counts[fellBack].Load(), f.counts[fallbackFailed].Load(),
	}
}

// fallbackReading is how a fallback is read at collection, kept off its method set.
type fallbackReading Fallback

func (f *fallbackReading) Observe(o *telemetry.Observer) {
	for i := range f.metrics {
		o.Observe(&f.metrics[i], f.counts[i].Load())
	}
}

// Close takes the fallback out of telemetry; its counts stay in its kind's totals. It goes on
// working, but is not counted there. It is idempotent.
func (f *Fallback) Close() { f.inst.stop() }

// String gives the name.
func (f *Fallback) String() string { return fmt.Sprintf("fallback %q", f.inst.name) }
