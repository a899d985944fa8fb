package watch

import (
	"net/http"

	"github.com/goflow-go/goflow/telemetry"
)

// Option configures a [Watch] or a [Webhook] from code.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry []telemetry.Option
	client    *http.Client
}

// WithTelemetry sets where the telemetry goes.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithClient sets what makes a webhook's requests; nil leaves the default, which follows no redirects,
// so that no other host sees the secrets.
func WithClient(client *http.Client) Option {
	return optionFunc(func(o *options) {
		if client != nil {
			o.client = client
		}
	})
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
