// Package flowadmin serves what operators and machines ask of a process: probes, metrics and
// profiles, on one [http.Handler] for a port of its own. It registers nothing with
// [http.DefaultServeMux], neither by itself nor by an import.
//
//	admin, err := flowadmin.New("app", flowadmin.Config{},
//		flowadmin.WithHealth(registry), flowadmin.WithMetrics(promHandler))
//	srv := &http.Server{Addr: "127.0.0.1:9090", Handler: admin, ReadHeaderTimeout: 5 * time.Second}
//
// # Endpoints
//
//	GET /                      what there is
//	GET /livez                 must the process be restarted?        WithHealth
//	GET /readyz                may traffic be sent here?             WithHealth
//	GET /startupz              has it started?                       WithHealth
//	GET /metrics               for a scraper                         WithMetrics
//	GET /debug/pprof/          profiles there are                    Config.Profiling
//	GET /debug/pprof/NAME      heap, goroutine, allocs, ...          Config.Profiling
//	GET /debug/pprof/profile   CPU, over ?seconds=30, 30 at most     Config.Profiling
//	GET /debug/pprof/trace     execution trace, over ?seconds=1      Config.Profiling
//	... /debug/flow/           the console, see package console      WithConsole
//
// A probe answers 200 `ok` or 503 `down`; with ?verbose, or with Accept: application/json, it
// answers with the whole [health.Report], whose texts are those of the checks' errors. Probes read
// cached results, so they answer at once.
//
// # Engines
//
// [Engines] is what the console knows of a process beside its telemetry: an [Engine] for each, with what
// it is set to and what an operator may do with it. [Limiter], [Breaker], [Job], [Scheduler], [Pool],
// [Writer], [Spill], [Elector], [App] and [Described] make them; the modules of package fxmodule do so
// by themselves. An action says what it has changed from what to what, and passes its context on, so that
// the engine's own event of the change is part of the trace that made it.
//
// # Who may ask
//
// The handler has no login: bind it to loopback, or to a network that is trusted. A web page in
// the browser of someone on that network is not trusted. So that none reads these pages by DNS
// rebinding, the index and the profiles are served only when the request's Host is a loopback
// address, localhost, or listed in Config.Hosts; any other gets 421. Probes and /metrics are
// exempt, since the kubelet and Prometheus call them by the address of the pod; what they show
// should hold no secrets. Profiles refuse requests a browser marks as cross-site, and are taken
// one at a time. Everything but the console is GET or HEAD, and nothing changes state.
package flowadmin
