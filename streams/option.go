package streams

import "github.com/goflow-go/goflow/telemetry"

// Option configures the telemetry of a stream from code. See [Stream.Named].
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct{ telemetry []telemetry.Option }

// WithTelemetry sets where the stream's telemetry goes, and when it makes spans.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
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
