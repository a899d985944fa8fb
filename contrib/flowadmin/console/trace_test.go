package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/contrib/flowadmin/console"
)

// The answers of the API, as far as the tests read them.
type (
	link struct {
		Trace, Span, Name string
		Kept              bool
	}
	named  struct{ Name, Value string }
	record struct {
		Time, Level, Scope, Event, Body, Trace, Span string
		Severity                                     int
		Attrs                                        []named
	}
	span struct {
		ID, Parent, Name, Kind, Scope, Status string
		StatusText                            string  `json:"status_text"`
		Start                                 float64 `json:"start_us"`
		Duration                              float64 `json:"duration_us"`
		Attrs                                 []named
		Links                                 []link
		LinkedBy                              []link `json:"linked_by"`
		Remote                                bool
	}
	oneTrace struct {
		ID, Start string
		Duration  float64 `json:"duration_us"`
		Spans     []span
		Logs      []record
		LeftOff   int `json:"left_off"`
	}
	traceList struct {
		Traces []struct {
			ID, Root, Scope, Start string
			Spans, Errors, Links   int
		}
		Roots []struct {
			Name  string
			Count int
		}
	}
	logList struct{ Logs []record }
)

func (s *sdk) log(ctx context.Context, severity log.Severity, event, body string, attrs ...attribute.KeyValue) {
	var r log.Record
	r.SetSeverity(severity)
	r.SetEventName(event)
	r.SetBody(attribute.StringValue(body))
	r.AddAttributes(attrs...)
	s.loggers.Logger("test").Emit(ctx, r)
}

func TestTraceIsShownWithAllThatBelongsToIt(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	ctx, root := s.tracer.Start(t.Context(), "GET /cart", trace.WithSpanKind(trace.SpanKindServer))
	child, work := s.tracer.Start(ctx, "price", trace.WithAttributes(
		attribute.String("currency", "EUR"), attribute.Int("items", 3), attribute.Float64("sum", 1.5), attribute.Bool("vip", true), attribute.StringSlice("tags", []string{"a", "b"})))
	s.log(child, log.SeverityWarn, "cart.slow", "slow", attribute.Int("ms", 40))
	work.SetStatus(codes.Error, "too dear")
	work.End()
	root.End()

	var got oneTrace
	c.get("api/traces/"+root.SpanContext().TraceID().String(), &got)
	if len(got.Spans) != 2 || len(got.Logs) != 1 {
		t.Fatalf("got %+v, want two spans and a record", got)
	}
	first, second := got.Spans[0], got.Spans[1]
	if first.Name != "GET /cart" || first.Parent != "" || first.Kind != "server" || first.Status != "unset" || first.Scope != "test" || first.Start != 0 || first.Duration != got.Duration {
		t.Errorf("got the root %+v", first)
	}
	if second.Parent != first.ID || second.Status != "error" || second.StatusText != "too dear" || second.Kind != "internal" {
		t.Errorf("got the child %+v", second)
	}
	if want := `[{currency EUR} {items 3} {sum 1.5} {vip true} {tags ["a","b"]}]`; fmt.Sprint(second.Attrs) != want {
		t.Errorf("got attributes %v, want %s", second.Attrs, want)
	}
	if l := got.Logs[0]; l.Body != "slow" || l.Event != "cart.slow" || l.Level != "warn" || l.Severity != 13 || l.Span != second.ID || fmt.Sprint(l.Attrs) != "[{ms 40}]" || l.Time == "" {
		t.Errorf("got the record %+v", l)
	}
	if res, _ := c.do(http.MethodGet, "api/traces/"+strings.Repeat("1", 32), ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("another trace: got %d, want 404", res.StatusCode)
	}
	if res, _ := c.do(http.MethodGet, "api/traces/zz", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("no id: got %d, want 404", res.StatusCode)
	}
}

func TestLinksAreShownFromBothEnds(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	cause := trace.SpanContextFromContext(s.span(t.Context(), "submit"))
	lost := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	effect := trace.SpanContextFromContext(s.span(t.Context(), "run", trace.WithLinks(trace.Link{SpanContext: cause}, trace.Link{SpanContext: lost})))

	var from, to oneTrace
	c.get("api/traces/"+effect.TraceID().String(), &from)
	c.get("api/traces/"+cause.TraceID().String(), &to)
	want := []link{{cause.TraceID().String(), cause.SpanID().String(), "submit", true}, {lost.TraceID().String(), lost.SpanID().String(), "", false}}
	if got := from.Spans[0].Links; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got links %v, want %v", got, want)
	}
	want = []link{{effect.TraceID().String(), effect.SpanID().String(), "run", true}}
	if got := to.Spans[0].LinkedBy; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got linked by %v, want %v", got, want)
	}
	var list traceList
	c.get("api/traces", &list)
	if len(list.Traces) != 2 || list.Traces[0].Links != 2 || list.Traces[1].Links != 1 {
		t.Errorf("got %+v, want two links and one", list.Traces)
	}
}

func TestTracesAreFound(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	remote := trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{7: 0xab}, SpanID: trace.SpanID{9}, TraceFlags: trace.FlagsSampled}))
	s.span(remote, "remote")
	s.span(t.Context(), "plain", trace.WithAttributes(attribute.String("user", "Ada")))
	ctx, root := s.tracer.Start(t.Context(), "parent")
	_, bad := s.tracer.Start(ctx, "child")
	bad.SetStatus(codes.Error, "")
	bad.End()
	var running traceList
	c.get("api/traces?limit=1", &running)
	if len(running.Traces) != 1 || running.Traces[0].Root != "child" {
		t.Errorf("while its root runs: got %+v, want it under the child's name", running)
	}
	root.End()

	for _, q := range []struct{ query, want string }{
		{"", "parent plain remote"},
		{"limit=2", "parent plain"},
		{"limit=no", "parent plain remote"},
		{"errors=1", "parent"},
		{"root=plain", "plain"},
		{"q=ADA", "plain"},
		{"q=chil", "parent"},
		{"q=00000000000000ab", "remote"},
		{"q=000000ab", "remote"},
		{"q=00000ab", ""}, // too short for an id
		{"q=" + root.SpanContext().TraceID().String(), "parent"},
		{"q=nothing", ""},
		{"min_ms=60000", ""},
		{"before=2001-01-01T00:00:00Z", ""},
		{"before=2201-01-01T00:00:00Z", "parent plain remote"},
	} {
		var list traceList
		c.get("api/traces?"+q.query, &list)
		var names []string
		for _, x := range list.Traces {
			names = append(names, x.Root)
		}
		if got := strings.Join(names, " "); got != q.want {
			t.Errorf("%q: got %q, want %q", q.query, got, q.want)
		}
		if len(list.Roots) != 3 || list.Roots[0].Count != 1 {
			t.Errorf("%q: got roots %v, want all", q.query, list.Roots)
		}
	}
	var one oneTrace
	c.get("api/traces/"+trace.TraceID{7: 0xab}.String(), &one)
	if !one.Spans[0].Remote || one.Spans[0].Parent == "" {
		t.Errorf("got %+v, want a remote parent", one.Spans[0])
	}
}

func TestBootIsKeptWhateverComes(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{MaxSpanBytes: 1 << 20})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	var boot struct{ Start, Stop *oneTrace }
	if c.get("api/boot", &boot); boot.Start != nil || boot.Stop != nil {
		t.Errorf("got %+v, want nothing yet", boot)
	}
	ctx, root := s.tracer.Start(t.Context(), "app start")
	for i := range 2100 {
		s.span(ctx, fmt.Sprint("step ", i))
	}
	root.End()
	for range 20_000 {
		s.span(t.Context(), "other")
	}
	c.get("api/boot", &boot)
	if boot.Start == nil || len(boot.Start.Spans) != 1000 || boot.Start.LeftOff < 1000 || boot.Start.Spans[0].Name != "app start" || boot.Stop != nil {
		t.Errorf("got %+v", boot.Start)
	}
	s.span(t.Context(), "app stop")
	if c.get("api/boot", &boot); boot.Stop == nil || len(boot.Stop.Spans) != 1 {
		t.Errorf("got %+v, want the stop", boot.Stop)
	}
}

func TestLogsAreFound(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	ctx, root := s.tracer.Start(t.Context(), "work")
	s.log(t.Context(), log.SeverityDebug, "", "first")
	s.log(ctx, log.SeverityInfo, "cart.full", "second", attribute.String("user", "Ada"))
	s.log(t.Context(), log.SeverityError2, "", "third")
	root.End()
	for _, q := range []struct{ query, want string }{
		{"", "third second first"},
		{"limit=1", "third"},
		{"min_severity=9", "third second"},
		{"min_severity=17", "third"},
		{"q=ada", "second"},
		{"q=CART", "second"},
		{"q=ir", "third first"},
		{"trace=" + root.SpanContext().TraceID().String(), "second"},
	} {
		var list logList
		c.get("api/logs?"+q.query, &list)
		var bodies []string
		for _, l := range list.Logs {
			bodies = append(bodies, l.Body)
		}
		if got := strings.Join(bodies, " "); got != q.want {
			t.Errorf("%q: got %q, want %q", q.query, got, q.want)
		}
	}
	if res, _ := c.do(http.MethodGet, "api/logs?trace=x", ""); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a trace that is none: got %d, want 400", res.StatusCode)
	}
}

func TestShutdownOfTheSDKLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	ctx := s.span(t.Context(), "work")
	s.log(ctx, log.SeverityInfo, "", "done")
	if err := errors.Join(s.tracers.Shutdown(ctx), s.loggers.Shutdown(ctx), s.meters.Shutdown(ctx)); err != nil {
		t.Fatal(err)
	}
	var one oneTrace
	if c.get("api/traces/"+trace.SpanContextFromContext(ctx).TraceID().String(), &one); len(one.Spans) != 1 || len(one.Logs) != 1 {
		t.Errorf("got %+v, want the span and the record", one)
	}
}

func TestTextsAreCut(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	long := strings.Repeat("é", 1<<12)
	var attrs []attribute.KeyValue
	for i := range 128 {
		attrs = append(attrs, attribute.String(fmt.Sprint(i, long), long))
	}
	ctx := s.span(t.Context(), long, trace.WithAttributes(attrs...))
	s.log(ctx, log.SeverityInfo, long, long, attrs...)
	var one oneTrace
	c.get("api/traces/"+trace.SpanContextFromContext(ctx).TraceID().String(), &one)
	if got := one.Spans[0]; len(got.Name) != 256 || len(got.Attrs) < 9 || len(got.Attrs) > 12 || len(got.Attrs[0].Value) != 4096 {
		t.Errorf("got a name of %d bytes and %d attributes", len(got.Name), len(got.Attrs))
	}
	if got := one.Logs[0]; len(got.Body) != 4096 || len(got.Attrs) > 12 {
		t.Errorf("got a body of %d bytes and %d attributes", len(got.Body), len(got.Attrs))
	}
}
