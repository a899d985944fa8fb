package telemetrytest_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestRequireDeclaredNamesWhatIsNot(t *testing.T) {
	t.Parallel()
	secret := attribute.String("user.id", "42")
	observe := func(m flowconv.Metric, attrs ...attribute.KeyValue) func(*telemetrytest.Recorder, *telemetry.Scope) {
		return func(_ *telemetrytest.Recorder, s *telemetry.Scope) {
			telemetry.NewKind(scopeName, m).Register(s, numbers{point(m, attrs...): 1})
		}
	}
	altered := func(change func(m *flowconv.Metric)) flowconv.Metric {
		m := flowconv.LimiterQueueSize
		change(&m)
		return m
	}
	cases := map[string]struct {
		emit func(*telemetrytest.Recorder, *telemetry.Scope)
		want string
	}{
		"unknown metric":    {observe(altered(func(m *flowconv.Metric) { m.Name = "goflow.limiter.wonder" })), "metric goflow.limiter.wonder: no such name"},
		"other unit":        {observe(altered(func(m *flowconv.Metric) { m.Unit = "By" })), `metric goflow.limiter.queue.size: unit "By"`},
		"other description": {observe(altered(func(m *flowconv.Metric) { m.Description = "Huh?" })), `"Huh?"`},
		"other instrument":  {observe(altered(func(m *flowconv.Metric) { m.Instrument = flowconv.Gauge })), "instrument gauge, not up-down counter"},
		"metric attribute":  {observe(flowconv.LimiterQueueSize, checkout, secret), "metric goflow.limiter.queue.size: attribute user.id"},
		"other boundaries": {func(r *telemetrytest.Recorder, _ *telemetry.Scope) {
			d := flowconv.LimiterWaitDuration
			h, _ := r.MeterProvider().Meter(scopeName).Float64Histogram(d.Name, metric.WithUnit(d.Unit), metric.WithDescription(d.Description))
			h.Record(context.Background(), 1)
		}, "boundaries [0 5 10"},
		"unknown verb":         {span("juggle checkout", checkout), `span "juggle checkout"{goflow.limiter.name=checkout}`},
		"span without a name":  {span("wait"), `span "wait"`},
		"span attribute":       {span("wait checkout", secret), `span "wait checkout"{user.id=42}`},
		"unknown event":        {event("goflow.limiter.birthday"), "event goflow.limiter.birthday"},
		"attribute of event":   {event(flowconv.EventLimiterQuotaChange, secret), "event goflow.limiter.quota_change{user.id=42}"},
		"record without event": {event(""), "event "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := failureOf(t, func(r *telemetrytest.Recorder) {
				c.emit(r, telemetry.NewScope(scopeName, append(r.Options(), telemetry.WithSpans(telemetry.Always))...))
				r.RequireDeclared()
			})
			requireText(t, text, "not declared so in telemetry/registry.yaml", c.want)
		})
	}
}

func span(name string, attrs ...attribute.KeyValue) func(*telemetrytest.Recorder, *telemetry.Scope) {
	return func(_ *telemetrytest.Recorder, s *telemetry.Scope) {
		_, sp := s.Start(context.Background(), name, attrs...)
		sp.End(nil)
	}
}

func event(name string, attrs ...attribute.KeyValue) func(*telemetrytest.Recorder, *telemetry.Scope) {
	return func(_ *telemetrytest.Recorder, s *telemetry.Scope) {
		s.Event(context.Background(), log.SeverityInfo, name, "text", attrs...)
	}
}

func TestRequireDeclaredAcceptsTheOverflowPoint(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, rec.Options()...)
	telemetry.NewKind(scopeName, flowconv.LimiterDecisions).Register(s,
		numbers{point(flowconv.LimiterDecisions, attribute.Bool("otel.metric.overflow", true)): 1})
	rec.RequireDeclared()
}

func TestEmittedListsNamesAndKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		scenario(rec)
		got := rec.Emitted()
		for _, want := range []string{
			"goflow.limiter.decisions", "goflow.limiter.decisions{goflow.limiter.outcome}",
			"goflow.limiter.wait", "goflow.limiter.wait{goflow.limiter.permits}", "goflow.limiter.take{error.type}",
			"goflow.limiter.quota_change", "goflow.limiter.quota_change{goflow.limiter.rate}",
		} {
			if !slices.Contains(got, want) {
				t.Errorf("emitted lacks %s: %v", want, got)
			}
		}
		if slices.Contains(got, "request") || !slices.IsSorted(got) {
			t.Errorf("want goflow's names only, sorted: %v", got)
		}
	})
}

func TestEmittedRemembersGaugesOfClosedInstances(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, rec.Options()...)
	reg := telemetry.NewKind(scopeName, flowconv.LimiterQueueSize).Register(s, numbers{point(flowconv.LimiterQueueSize): 1})
	rec.Collect()
	reg.Close()
	rec.RequireNoMetric("goflow.limiter.queue.size")
	if !slices.Contains(rec.Emitted(), "goflow.limiter.queue.size") {
		t.Error("the gauge was seen before its instance closed, and is forgotten")
	}
}

func TestRequireEmittedNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		text := failureOf(t, func(r *telemetrytest.Recorder) { scenario(r); r.RequireEmitted("goflow.limiter.") })
		requireText(t, text, "declared in telemetry/registry.yaml but not emitted", "goflow.limiter.permits\n", "goflow.limiter.reserve\n",
			"goflow.limiter.quota_change{goflow.limiter.burst}", "goflow.limiter.allow{goflow.limiter.key} or goflow.limiter.take{goflow.limiter.key}")
	})
}

func TestRequireEmittedPassesWhenAllIsThere(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, rec.Options()...)
	s.Event(t.Context(), log.SeverityInfo, flowconv.EventAppStateChange, "ready", flowconv.AppStateKey.String(flowconv.AppStateReady))
	rec.RequireEmitted("goflow.app.state_change")
}

func TestRequireEmittedRefusesAPrefixOfNothing(t *testing.T) {
	t.Parallel()
	text := failureOf(t, func(r *telemetrytest.Recorder) { r.RequireEmitted("goflow.limitter.") })
	requireText(t, text, `declares nothing under "goflow.limitter."`)
}
