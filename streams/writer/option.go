package writer

import (
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// Option configures a writer from code.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry []telemetry.Option
	policy    core.Policy
	queue     Queue
	hook      func(Loss)
}

// WithTelemetry sets where the writer's telemetry goes.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithPolicy sets the policy around each write of a buffer to the sink: resilience.Retry, a breaker, a limit. A
// task that is run again goes on where the sink stopped; tasks run at the same time (a hedge) wait for each other. Its
// context ends when the writer gives up on stopping. A timeout's context does not reach an io.Writer, so a sink
// that blocks is not ended by one.
func WithPolicy(p core.Policy) Option {
	return optionFunc(func(o *options) { o.policy = p })
}

// WithQueue sets where writes go under [Spill].
func WithQueue(q Queue) Option {
	return optionFunc(func(o *options) { o.queue = q })
}

// WithHook sets what is called for every loss: writes that were rejected, dropped or lost. It runs in the goroutine
// of who caused it (a caller of Write or Stop, or the one that writes to the sink), under no lock, and should be
// short. It must not call Stop or Close. A panic in it is contained.
func WithHook(hook func(Loss)) Option {
	return optionFunc(func(o *options) { o.hook = hook })
}

func newOptions(opts []Option) options {
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}
