package lease

import (
	"context"

	"github.com/goflow-go/goflow/telemetry"
)

// Option configures a [Locker] or an [Elector] from code.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry []telemetry.Option
	showKey   func(key string) string
	hook      func(ctx context.Context, c Change)
}

// WithTelemetry sets where telemetry goes, and when spans are made.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithKeyAttribute puts show(key) on the spans of a [Locker] as goflow.lease.key. Without it keys are
// never shown; metrics never carry them. What show returns is cut at 128 bytes.
func WithKeyAttribute(show func(key string) string) Option {
	return optionFunc(func(o *options) { o.showKey = show })
}

// WithHook is called by an [Elector] when it begins to lead, and when it no longer does. It is called in
// the order of events, and must return soon: the elector does nothing else meanwhile. The context has
// the values of the elector's Start, and does not end. A panic is contained, and told in an event.
func WithHook(hook func(ctx context.Context, c Change)) Option {
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
