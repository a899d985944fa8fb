package main

import (
	"flag"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/contrib/flowadmin/console"
	"github.com/goflow-go/goflow/fxmodule/bootfx"
	"github.com/goflow-go/goflow/fxmodule/consolefx"
)

// liveConsole shows on the admin port what the gateway does.
func liveConsole(cfg config) fx.Option {
	return fx.Options(
		consolefx.Module,
		fx.Supply(consolefx.Config{Console: console.Config{Token: cfg.ConsoleToken}}),
		consolefx.AsSection(newSettings),
		bootfx.Trace(fxevent.NopLogger), // run tells what goes wrong
	)
}

// secretFlags are the settings that have no flags: a token on a command line is there for all to see.
func secretFlags(cfg *config) *flag.FlagSet {
	fs := flag.NewFlagSet("secrets", flag.ContinueOnError)
	fs.TextVar(&cfg.ConsoleToken, "console-token", console.Secret(""), "the `token` of those who change something in the console; one is made up without")
	return fs
}

// newSettings shows the flags, as they are set.
func newSettings(cfg config) console.Section {
	return console.Section{Name: "gateway", Fields: func() []flowadmin.Field { return cfg.settings }}
}
