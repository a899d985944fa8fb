package flowredis

import "github.com/goflow-go/goflow/telemetry"

// Option configures a coordinator or a limiter from code.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry []telemetry.Option
	showKey   func(key string) string
}

// WithTelemetry sets where telemetry goes, and when spans are made.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithKeyAttribute puts show(key) on the spans of a [Keyed] limiter as goflow.limiter.key. Without
// it keys are never shown; metrics never carry them. Use limit.HashKey when keys are personal data.
// What show returns is cut at 128 bytes.
func WithKeyAttribute(show func(key string) string) Option {
	return optionFunc(func(o *options) { o.showKey = show })
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
