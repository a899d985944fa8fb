// Package fleet runs two gateways and all that observes them, without containers: a Redis that the gateways share,
// an OpenTelemetry Collector built here, and Prometheus. It is what `make observe` shows and what its test looks at.
//
//	err := fleet.Build(ctx, root, dir) // the gateway and the Collector
//	f, err := fleet.Start(ctx, fleet.Config{Root: root, Bin: dir, Dir: dir, Addrs: fleet.WellKnown()})
//	defer f.Stop()
//	err = f.Wait(ctx) // until ctx ends, or one of the programs does
//
// Programs listen on the loopback interface alone. They get the configs of deploy, with other addresses. Each is a
// child of this process, is stopped by its own pid, and on Linux ends with this process at the latest.
package fleet
