package console

import (
	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/telemetry"
)

// Option changes a [Console] in code.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry []telemetry.Option
	health    *health.Registry
	engines   *flowadmin.Engines
	sections  []Section
}

// Section is a part of the page of settings that is the application's own.
type Section struct {
	Name   string                   // such as "traffic"
	Fields func() []flowadmin.Field // asked for when the page is; they must hold no secrets
}

// WithTelemetry sets where the console's own telemetry goes.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithHealth shows the checks of r, and the state of the process. Nil shows none.
func WithHealth(r *health.Registry) Option {
	return optionFunc(func(o *options) { o.health = r })
}

// WithEngines shows the settings of the engines in e, and offers their actions. Nil shows none.
func WithEngines(e *flowadmin.Engines) Option {
	return optionFunc(func(o *options) { o.engines = e })
}

// WithSections adds sections to the page of settings.
func WithSections(sections ...Section) Option {
	return optionFunc(func(o *options) { o.sections = append(o.sections, sections...) })
}

func newOptions(opts []Option) options {
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	if o.engines == nil {
		o.engines = new(flowadmin.Engines)
	}
	return o
}
