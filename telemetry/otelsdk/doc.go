// Package otelsdk sets up OpenTelemetry's SDK for an application: one call instead of a page of
// wiring, told what to do by the OTEL_* variables everybody knows.
//
//	sdk, err := otelsdk.Setup(ctx, otelsdk.Config{ServiceName: "checkout"})
//	if err != nil {
//		return err // a variable or a field is wrong; the error names it
//	}
//	defer sdk.Shutdown(context.Background())
//	sdk.SetGlobal()
//	mux.Handle("/metrics", sdk.MetricsHandler())
//
// # What it gives
//
//   - A tracer, a meter and a logger provider with one resource (service.name,
//     service.instance.id, OTEL_RESOURCE_ATTRIBUTES), which has no schema URL, so that no upgrade
//     brings a conflict.
//   - Metrics for Prometheus, on a registry of its own: [SDK.MetricsHandler] speaks OpenMetrics, so
//     exemplars show.
//   - OTLP, console or nothing, by OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER and
//     OTEL_LOGS_EXPORTER. A signal whose variable is unset goes to OTLP when
//     OTEL_EXPORTER_OTLP_ENDPOINT (or the signal's own) is set, and nowhere otherwise, so that a
//     program started without any variable does not knock on localhost:4318.
//   - Propagation by OTEL_PROPAGATORS: W3C trace context and baggage by default.
//   - The Go runtime's metrics, a bridge for log/slog ([SDK.Handler]).
//
// Sampling is OpenTelemetry's own (OTEL_TRACES_SAMPLER, parentbased_always_on by default), and so are
// the limits, intervals and sizes of its variables. OTEL_SDK_DISABLED=true gives providers that do
// nothing; propagation goes on.
//
// # What it promises
//
// [Setup] touches no global state; [SDK.SetGlobal] does. Engines may be made before or after it. A
// variable with a value that means nothing is an error of Setup, not a silent default: a typo is
// found at start. Afterwards telemetry is never fatal: [SDK.Shutdown] takes at most 5 seconds or half
// of what is left, a dead collector included, and its error is for the log.
package otelsdk
