package resilience

import (
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// Option configures a policy from code. One that is not about a policy's kind does nothing there,
// so that a [Standard] takes those of all its parts.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry  []telemetry.Option
	retryable  func(error) bool
	isFailure  func(error) bool
	fallbackOn func(error) bool
	limiter    core.Policy
}

// WithTelemetry sets where the policy's telemetry goes, and when it makes spans.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithRetryable sets which errors a [Retry] retries. Defaults to [Retryable]. It is not asked when
// the caller's context has ended, nor about what [Permanent] made: those are never retried.
func WithRetryable(retryable func(err error) bool) Option {
	return optionFunc(func(o *options) { o.retryable = retryable })
}

// WithIsFailure sets which errors a [Breaker] counts as failures; the others count as successes,
// because whoever answered was there. Defaults to all. It is not asked about errors that say nothing
// about the dependency and count as neither: those that match context.Canceled, core.ErrRejected or
// core.ErrInvalid. A panic of the task always is a failure, and so is an error over which isFailure
// panics.
func WithIsFailure(isFailure func(err error) bool) Option {
	return optionFunc(func(o *options) { o.isFailure = isFailure })
}

// WithFallbackOn sets on which errors a [Fallback] falls back. Defaults to all. It is not asked when
// the caller's context has ended: no one waits for the answer.
func WithFallbackOn(on func(err error) bool) Option {
	return optionFunc(func(o *options) { o.fallbackOn = on })
}

// WithLimiter puts a limit (limit.Reject, limit.Pace, a limit.Concurrency) outermost in a
// [Standard].
func WithLimiter(limiter core.Policy) Option {
	return optionFunc(func(o *options) { o.limiter = limiter })
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
