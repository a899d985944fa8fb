package telemetrytest_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestRecorderAnswersForAllThatWasEmitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		scenario(rec)

		parent := rec.RequireSpan("request")
		wait := rec.RequireSpan("wait checkout", checkout)
		if wait.Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("wait's parent is %v, want the request", wait.Parent().SpanID())
		}
		if d := wait.EndTime().Sub(wait.StartTime()); d != 50*time.Millisecond {
			t.Errorf("in a bubble the span took %v, want 50ms exactly", d)
		}
		rec.RequireNoSpan("wait checkout", denied)
		rec.RequireSum("goflow.limiter.decisions", 10)
		rec.RequireSum("goflow.limiter.decisions", 3, denied)
		rec.RequireCount("goflow.limiter.wait.duration", 2, checkout)
		slow := rec.RequireMetric("goflow.limiter.wait.duration", flowconv.ErrorTypeKey.String("timeout"))
		if slow.Count != 1 || slow.Sum != 1 {
			t.Errorf("count %d, sum %v, want 1 and 1", slow.Count, slow.Sum)
		}
		if len(slow.Exemplars) != 1 || slow.Exemplars[0] != parent.SpanContext().TraceID() {
			t.Errorf("exemplars %v, want the trace of the request", slow.Exemplars)
		}
		rec.RequireNoMetric("goflow.limiter.permits")
		e := rec.RequireEvent(flowconv.EventLimiterQuotaChange, checkout)
		if e.TraceID() != parent.SpanContext().TraceID() || e.Body().AsString() != "rate changed" {
			t.Errorf("event %q in trace %v", e.Body(), e.TraceID())
		}
		rec.RequireNoEvent(flowconv.EventAppStateChange)
		rec.RequireDeclared()
	})
}

func TestFailuresListWhatThereWas(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		body func(rec *telemetrytest.Recorder)
		want []string
	}{
		"no such span":       {func(r *telemetrytest.Recorder) { r.RequireSpan("go away") }, []string{`no span "go away"`, "wait checkout (internal, Unset", "parent: request"}},
		"span lacks a value": {func(r *telemetrytest.Recorder) { r.RequireSpan("wait checkout", denied) }, []string{"{goflow.limiter.outcome=denied}", "goflow.limiter.outcome=delayed"}},
		"unwanted span":      {func(r *telemetrytest.Recorder) { r.RequireNoSpan("request") }, []string{`there is a span "request"`}},
		"no such metric":     {func(r *telemetrytest.Recorder) { r.RequireMetric("a.b") }, []string{"a.b has 0 points, want 1", "goflow.limiter.queue.size (up-down counter, {request})"}},
		"metric not unique":  {func(r *telemetrytest.Recorder) { r.RequireMetric("goflow.limiter.decisions") }, []string{"has 2 points, want 1"}},
		"value of other type": {func(r *telemetrytest.Recorder) {
			r.RequireMetric("goflow.limiter.decisions", attribute.Bool("goflow.limiter.name", true))
		}, []string{"has 0 points"}},
		"unwanted metric":     {func(r *telemetrytest.Recorder) { r.RequireNoMetric("goflow.limiter.decisions", denied) }, []string{"has 1 points, want none"}},
		"wrong sum":           {func(r *telemetrytest.Recorder) { r.RequireSum("goflow.limiter.decisions", 4, denied) }, []string{"is 3 over 1 points, want 4"}},
		"zero of nothing":     {func(r *telemetrytest.Recorder) { r.RequireSum("goflow.limiter.permits", 0) }, []string{"is 0 over 0 points, want 0"}},
		"wrong count":         {func(r *telemetrytest.Recorder) { r.RequireCount("goflow.limiter.wait.duration", 1) }, []string{"holds 2 values over 2 points, want 1"}},
		"count of nothing":    {func(r *telemetrytest.Recorder) { r.RequireCount("a.b", 0) }, []string{"holds 0 values over 0 points"}},
		"no such event":       {func(r *telemetrytest.Recorder) { r.RequireEvent("a.b") }, []string{"no event a.b", "goflow.limiter.quota_change (INFO) rate changed", "span: request"}},
		"unwanted event":      {func(r *telemetrytest.Recorder) { r.RequireNoEvent(flowconv.EventLimiterQuotaChange) }, []string{"there is an event"}},
		"golden file missing": {func(r *telemetrytest.Recorder) { r.Golden("testdata/none.golden") }, []string{"none.golden", "UPDATE_GOLDEN=1"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requireText(t, failureOf(t, func(r *telemetrytest.Recorder) { scenario(r); c.body(r) }), c.want...)
			})
		})
	}
}

func TestRequirementsOnNothingSayNone(t *testing.T) {
	t.Parallel()
	requireText(t, failureOf(t, func(r *telemetrytest.Recorder) { r.RequireSpan("x") }), "(none)")
}

func TestCollectAfterTheTestFails(t *testing.T) {
	t.Parallel()
	var rec *telemetrytest.Recorder
	tb := &fakeTB{TB: t}
	rec = telemetrytest.New(tb)
	for _, f := range tb.cleanups {
		f()
	}
	done := make(chan struct{})
	go func() { defer close(done); rec.Collect() }()
	<-done
	requireText(t, tb.failure, "collecting metrics", "shutdown")
}

func TestGoldenTextIsExactInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		scenario(rec)
		rec.Golden("testdata/scenario.golden")
	})
}

func TestGoldenShowsTheFirstDifference(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.golden")
	if err := os.WriteFile(path, []byte("# spans\n  (some)\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := failureOf(t, func(r *telemetrytest.Recorder) { r.Golden(path) })
	requireText(t, text, "x.golden:2 differs", "got:   (none)", "want:   (some)", "# metrics")
}

func TestGoldenIsWrittenOnDemand(t *testing.T) { // sets the environment, so not parallel
	t.Setenv("UPDATE_GOLDEN", "1")
	path := filepath.Join(t.TempDir(), "new", "x.golden")
	if text := failureOf(t, func(r *telemetrytest.Recorder) { r.Golden(path) }); text != "" {
		t.Fatal(text)
	}
	t.Setenv("UPDATE_GOLDEN", "")
	if text := failureOf(t, func(r *telemetrytest.Recorder) { r.Golden(path) }); text != "" {
		t.Fatal(text)
	}
}

func TestSpansAreRecordedWhateverTheEnvironmentSamples(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	rec := telemetrytest.New(t)
	_, span := rec.StartSpan(t.Context(), "seen")
	span.End()
	rec.RequireSpan("seen")
}

func TestOtherScopesAndKindsOfMetricsAreReadToo(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	m := rec.MeterProvider().Meter("app")
	f, _ := m.Float64Counter("f")
	f.Add(t.Context(), 1.5)
	g, _ := m.Float64Gauge("g")
	g.Record(t.Context(), 2.5)
	i, _ := m.Int64Gauge("i")
	i.Record(t.Context(), 3)
	h, _ := m.Int64Histogram("h", metric.WithUnit("By"))
	h.Record(t.Context(), 4)
	if got := rec.RequireMetric("f").Value + rec.RequireMetric("g").Value + rec.RequireMetric("i").Value; got != 7 {
		t.Errorf("values add up to %v, want 7", got)
	}
	rec.RequireCount("h", 1)
	rec.RequireDeclared() // not goflow's, so no one's business
	if got := rec.Emitted(); len(got) > 0 {
		t.Errorf("emitted %v, want nothing of goflow", got)
	}
	requireText(t, rec.Text(), "app: g (gauge, )\n  2.5\n", "app: h (histogram, By)\n  count=1 sum=4\n")
}

func TestLogsHoldRecordsThatAreNoEvents(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, rec.Options()...)
	s.Event(t.Context(), 9, "", "plain")
	if got := rec.Logs(); len(got) != 1 || got[0].Body().AsString() != "plain" {
		t.Errorf("logs %v, want the plain one", got)
	}
}
