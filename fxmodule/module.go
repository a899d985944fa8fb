package fxmodule

import (
	"time"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/adminfx"
	"github.com/goflow-go/goflow/fxmodule/healthfx"
	"github.com/goflow-go/goflow/fxmodule/leasefx"
	"github.com/goflow-go/goflow/fxmodule/schedfx"
	"github.com/goflow-go/goflow/fxmodule/telemetryfx"
)

// StopTimeout is the one budget of all stop hooks together under [Module]: drain delay, servers,
// engines, telemetry. List fx.StopTimeout after Module to change it. Give the process what it is
// plus 5 s before it is killed.
const StopTimeout = 30 * time.Second

// Module is the umbrella: telemetry, health, the admin port, a scheduler for jobs, a locker, the lifecycle and the
// stop budget. List it once, anywhere, and do not list its pieces beside it.
var Module = fx.Options(
	telemetryfx.Module,
	healthfx.Module,
	adminfx.Module,
	schedfx.Module,
	leasefx.Module,
	Lifecycle(),
	fx.StopTimeout(StopTimeout),
)
