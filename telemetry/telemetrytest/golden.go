package telemetrytest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// updateEnv makes [Recorder.Golden] write files instead of comparing them. It is a variable and not
// a flag, so that it works over packages that do not use this one.
const updateEnv = "UPDATE_GOLDEN"

// Golden compares [Recorder.Text] with the file at path, usually under testdata. With UPDATE_GOLDEN=1
// in the environment it writes the file instead. Outside a testing/synctest bubble durations differ
// from run to run, so call it inside one.
func (r *Recorder) Golden(path string) {
	r.t.Helper()
	got := r.Text()
	if os.Getenv(updateEnv) == "1" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			r.t.Fatalf("telemetrytest: %v", err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			r.t.Fatalf("telemetrytest: %v", err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatalf("telemetrytest: %v (%s=1 writes it)", err, updateEnv)
	}
	if line, g, w := firstDifference(got, string(want)); line > 0 {
		r.t.Fatalf("telemetrytest: %s:%d differs (%s=1 rewrites it)\n got: %s\nwant: %s\n\nall of it:\n%s",
			path, line, updateEnv, g, w, got)
	}
}

// firstDifference finds the first line, from 1, in which two texts differ; 0 means none.
func firstDifference(got, want string) (line int, g, w string) {
	if got == want {
		return 0, "", ""
	}
	gs, ws := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := 0; ; i++ {
		g, w = "(end)", "(end)"
		if i < len(gs) {
			g = gs[i]
		}
		if i < len(ws) {
			w = ws[i]
		}
		if g != w {
			return i + 1, g, w
		}
	}
}

// Text shows all that was recorded, each list sorted, identifiers of traces replaced by the names of
// the spans they mean.
func (r *Recorder) Text() string {
	r.t.Helper()
	return "# spans\n" + r.spanText() + "\n# metrics\n" + r.metricText() + "\n# events\n" + r.eventText()
}

func (r *Recorder) spanText() string {
	spans := r.Spans()
	list := make([]string, 0, len(spans))
	for _, s := range spans {
		var b strings.Builder
		fmt.Fprintf(&b, "%s: %s (%s, %s, %s)\n", s.InstrumentationScope().Name, s.Name(), s.SpanKind(),
			s.Status().Code, s.EndTime().Sub(s.StartTime()))
		if d := s.Status().Description; d != "" {
			fmt.Fprintf(&b, "  status: %s\n", d)
		}
		if s.Parent().IsValid() {
			fmt.Fprintf(&b, "  parent: %s\n", nameOf(spans, s.Parent()))
		}
		for _, l := range s.Links() {
			fmt.Fprintf(&b, "  link: %s%s\n", nameOf(spans, l.SpanContext), braces(l.Attributes))
		}
		for _, e := range s.Events() {
			fmt.Fprintf(&b, "  event: %s%s\n", e.Name, braces(e.Attributes))
		}
		list = append(list, b.String()+indented(braces(s.Attributes())))
	}
	return joined(list)
}

// nameOf names the span that sc means.
func nameOf(spans []sdktrace.ReadOnlySpan, sc trace.SpanContext) string {
	for _, s := range spans {
		if s.SpanContext().TraceID() == sc.TraceID() && s.SpanContext().SpanID() == sc.SpanID() {
			return s.Name()
		}
	}
	if sc.IsRemote() {
		return "(remote)"
	}
	return "(not ended)"
}

func (r *Recorder) metricText() string {
	var list []string
	for _, scope := range r.Collect().ScopeMetrics {
		for _, m := range scope.Metrics {
			data := read(m.Data)
			points := make([]string, 0, len(data.points))
			for _, p := range data.points {
				points = append(points, indented(strings.TrimSpace(braces(p.Attributes.ToSlice())+" "+number(data.instrument, p))))
			}
			list = append(list, fmt.Sprintf("%s: %s (%s, %s)\n%s", scope.Scope.Name, m.Name, instrumentName(data.instrument), m.Unit, joined(points)))
		}
	}
	return joined(list)
}

func number(in flowconv.Instrument, p Point) string {
	if in == flowconv.Histogram {
		return fmt.Sprintf("count=%d sum=%s", p.Count, strconv.FormatFloat(p.Sum, 'g', -1, 64))
	}
	return strconv.FormatFloat(p.Value, 'f', -1, 64)
}

func instrumentName(in flowconv.Instrument) string {
	switch in {
	case flowconv.Counter:
		return "counter"
	case flowconv.UpDownCounter:
		return "up-down counter"
	case flowconv.Gauge:
		return "gauge"
	case flowconv.Histogram:
		return "histogram"
	}
	return "other"
}

func (r *Recorder) eventText() string {
	spans := r.Spans()
	var list []string
	for _, e := range r.Logs() {
		list = append(list, eventLine(spans, &e))
	}
	return joined(list)
}

func eventLine(spans []sdktrace.ReadOnlySpan, e *sdklog.Record) string {
	text := fmt.Sprintf("%s: %s (%s) %s\n", e.InstrumentationScope().Name, e.EventName(), e.Severity(), e.Body())
	if e.SpanID().IsValid() {
		sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: e.TraceID(), SpanID: e.SpanID()})
		text += fmt.Sprintf("  span: %s\n", nameOf(spans, sc))
	}
	return text + indented(braces(attributesOf(e)))
}

func indented(line string) string {
	if line == "" {
		return ""
	}
	return "  " + line + "\n"
}

// joined sorts entries, since the order in which concurrent work ends means nothing.
func joined(list []string) string {
	if len(list) == 0 {
		return "  (none)\n"
	}
	slices.Sort(list)
	return strings.Join(list, "")
}
