package sched

import (
	"context"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// Option configures a [Scheduler], [Pool], [Chain] or [Pipeline] from code.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry []telemetry.Option
	values    []any
	dropped   func(ctx context.Context, task core.Task)
	pool      *Pool
	clocks    func() (wall, mono int64) // the machine's, but in tests
}

// WithTelemetry sets where the instance's telemetry goes, and when it makes spans.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithValues names the keys of context values that reach work which does not wait for its caller,
// besides span context and baggage, which always do (see telemetry.Detach). It is for a [Scheduler] and
// a [Pool].
func WithValues(keys ...any) Option {
	return optionFunc(func(o *options) { o.values = append(o.values, keys...) })
}

// WithDropHook sets what is called with each task that a [Pool] whose Overflow is [DropOldest] drops, in
// the goroutine that submitted the one it made room for. ctx is what the task would have run under.
func WithDropHook(hook func(ctx context.Context, task core.Task)) Option {
	return optionFunc(func(o *options) { o.dropped = hook })
}

// WithPool makes a [Scheduler] run its work on a pool of yours, which it neither starts nor stops.
func WithPool(p *Pool) Option {
	return optionFunc(func(o *options) { o.pool = p })
}

func newOptions(opts []Option) options {
	o := options{clocks: systemClock}
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}
