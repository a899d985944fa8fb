// Package fxmodule puts goflow into applications on go.uber.org/fx.
//
//	fx.New(
//		fxmodule.Module,
//		limitfx.TokenBucket("checkout", limit.TokenBucketConfig{Rate: limit.PerSecond(100), Burst: 20}),
//		httpfx.AsHandler("api", newAPI),
//		httpfx.Serve("api", httpfx.Config{Server: flowhttp.ServerConfig{Addr: "127.0.0.1:8080"}}),
//	).Run()
//
// [Module] is the umbrella: OpenTelemetry, health, the admin port, a scheduler, a locker and the
// [Lifecycle]. Use it, or list the pieces you want; the packages below work alone:
//
//   - telemetryfx: the OpenTelemetry SDK, flushed last.
//   - healthfx: the health registry. adminfx: probes, metrics and profiles on a port of their own.
//     consolefx (not in the umbrella): the live console, on that port.
//   - limitfx: limiters by name. leasefx: a locker, and electors by name. redisfx (not in the umbrella): the
//     same among processes, on Redis. resiliencefx: breakers, retries and the rest by name.
//   - schedfx: a scheduler, jobs, and worker pools by name.
//   - streamsfx: streams that run with the application, and writers by name.
//   - httpfx: HTTP servers and client transports by name.
//   - servicefx: any core.Service.
//   - bootfx (not in the umbrella, since it is the logger of fx): start and stop as traces.
//
// Each piece is thin: what it calls is exported and works without fx.
package fxmodule
