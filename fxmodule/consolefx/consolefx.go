// Package consolefx gives an fx application its console: a page on the admin port that shows what the
// application's engines, traces, logs and health are now, and lets operators act.
//
//	fx.New(
//		fxmodule.Module,
//		consolefx.Module, // http://127.0.0.1:9090/debug/flow/
//	)
//
// Listing [Module] is what turns it on: nothing else makes a console. It shows to who reaches the admin
// port, and lets nobody change anything, until Config.Console has a token. Where the admin port is not on
// a loopback address, an application without a token is an error.
//
// It reads what the application's OpenTelemetry SDK is told (see telemetryfx), whatever else that
// exports. It knows the actions of the engines in *flowadmin.Engines, which it provides too.
package consolefx

import (
	"errors"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/fxmodule/internal/ctor"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
)

// Config is the config of [Module].
type Config struct {
	// Recorder bounds what is kept.
	Recorder console.RecorderConfig `json:"recorder" yaml:"recorder"`
	// Console says who may look and who may act.
	Console console.Config `json:"console" yaml:"console"`
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error { return errors.Join(c.Recorder.Validate(), c.Console.Validate()) }

// Module provides *console.Console and *flowadmin.Engines, out of an optional [Config], and lets the SDK
// tell the console. The admin port serves and runs it.
var Module = fx.Module("goflow.console",
	fx.Provide(NewRecorder, newEngines, New),
	telemetryfx.AsSpanProcessor((*console.Recorder).SpanProcessor),
	telemetryfx.AsLogProcessor((*console.Recorder).LogProcessor),
	telemetryfx.AsReader((*console.Recorder).Reader),
)

// RecorderParams is what [NewRecorder] takes from the graph: nothing that needs the SDK, which needs it.
type RecorderParams struct {
	fx.In

	Config Config `optional:"true"`
}

// NewRecorder makes the recorder, which is made before the SDK.
func NewRecorder(p RecorderParams) (*console.Recorder, error) {
	if err := core.Configure("consolefx", name, p.Config.Validate()); err != nil {
		return nil, err
	}
	return console.NewRecorder(p.Config.Recorder)
}

// name is the console's.
const name = "console"

func newEngines() *flowadmin.Engines { return new(flowadmin.Engines) }

// Params is what [New] takes from the graph.
type Params struct {
	fx.In

	Config    Config `optional:"true"`
	Recorder  *console.Recorder
	Engines   *flowadmin.Engines
	Health    *health.Registry  `optional:"true"`
	Sections  []console.Section `group:"flow.console.sections"`
	Providers otelin.In
}

// AsSection adds the section that constructor makes to the console's page of settings: a function of
// anything in the graph that returns a console.Section, and perhaps an error. Any other function is an
// error of the application.
func AsSection(constructor any) fx.Option {
	if err := ctor.Makes[console.Section]("consolefx: AsSection", constructor); err != nil {
		return fx.Error(err)
	}
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"flow.console.sections"`)))
}

// New makes the console, after the SDK.
func New(p Params) (*console.Console, error) {
	return console.New(name, p.Config.Console, p.Recorder,
		console.WithHealth(p.Health), console.WithEngines(p.Engines), console.WithSections(p.Sections...),
		console.WithTelemetry(p.Providers.Options()...))
}
