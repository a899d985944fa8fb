// Package console shows what a process does now: its engines with the numbers of the last 15 minutes, its
// latest traces and log records, its health, its boot, its goroutines and its settings. It reads nothing
// but the process's own OpenTelemetry data, and lets operators who have a token act on engines.
//
//	recorder, err := console.NewRecorder(console.RecorderConfig{})
//	sdk, err := otelsdk.Setup(ctx, otelsdk.Config{},
//		otelsdk.WithSpanProcessor(recorder.SpanProcessor()),
//		otelsdk.WithLogProcessor(recorder.LogProcessor()),
//		otelsdk.WithReader(recorder.Reader()))
//	c, err := console.New("console", console.Config{}, recorder, console.WithHealth(registry))
//	err = c.Start(ctx)
//	admin, err := flowadmin.New("app", flowadmin.Config{}, flowadmin.WithConsole(c))
//
// A Recorder keeps, a Console shows. They are two, because the SDK needs the one to be made, and what
// needs the SDK, such as engines and their health, is shown by the other.
//
// # What is kept
//
//   - Spans that have ended, the latest MaxSpanBytes of them, as they were sampled by the SDK. When
//     all would turn over in less than a minute, one trace in 2, 4, 8, ... is kept, with all of its spans;
//     how many is shown as one_in. A trace of which some spans were left out is not listed.
//   - The spans of traces whose root is "app start" or "app stop", the first 2000 of them, for good.
//   - Log records, the latest MaxLogBytes of them.
//   - Metrics, each second, for 15 minutes: counters as rates per second, gauges as they are, histograms as
//     the rate, median, 95th and 99th percentile of what was recorded in that second, by linear
//     interpolation in the bucket. A second that is not known is null: before the first reading, after a
//     counter was reset, when a reading was missed. A series that has vanished goes 15 minutes later.
//
// Texts are cut: names at 256 bytes, values at 4 KiB, the attributes of one span or record at some 44 KiB.
//
// # Memory
//
// A Recorder holds at most MaxSpanBytes + MaxLogBytes + 2 MiB for pinned traces + 5.5 KiB for each of
// MaxSeries: 37 MiB by default. Spans and records are kept as bytes, in chunks of at most 256 KiB, without
// pointers for the garbage collector to follow. Beside that stands one reading of all metrics, as large as
// the application's metrics are, and while someone asks for traces, an index of the spans, one at a time.
//
// A span that is kept costs less than a microsecond when it ends, one that is left out some tens of
// nanoseconds, and neither allocates.
//
// # Engines
//
// A series belongs to the engine its attribute goflow.KIND.name names. Those without are grouped: http and
// rpc by their side, go and process as the runtime, all others by the scope that made them. How an engine
// is set and what may be done with it is known of those in a [flowadmin.Engines].
//
// # Who may do what
//
// Who may reach the console is for package flowadmin to say, which serves it to loopback addresses, and
// hosts it was told. Of those, anyone may look, unless Config.Private, and nobody may act without
// Config.Token. An action is a POST of JSON that carries the token in its Authorization header, never in
// a URL. It has 10 s, runs with panics contained, and is one event, which says who did what with which
// outcome, and a counter. Requests that come from pages of other sites are refused, and so is every request
// that changes something without the token: refusals are counted, and one a second is an event. GET changes
// nothing. At most 16 may be told live, and who reads too slowly is sent away.
//
// # When not to use it
//
// It is no store: it forgets what is old and when the process ends, and knows one process, so it neither
// replaces a collector nor shows a request that crosses several. What it shows is what telemetry holds:
// names, attributes and log lines; where those hold secrets, so does the console.
//
// # What it emits
//
// The counter goflow.console.actions and the event goflow.console.action. It makes no spans.
package console
