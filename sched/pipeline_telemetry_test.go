package sched_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

var (
	images    = flowconv.PipelineNameKey.String("images")
	completed = flowconv.PipelineOutcomeKey.String("completed")
	failed    = flowconv.PipelineOutcomeKey.String("failed")
)

// oneSecondEach are two stages, of which the second fails the number 3.
func oneSecondEach() sched.Stages[int, int] {
	a := sched.NewStage("a", sched.StageConfig{}, taking(time.Second, same))
	return sched.Then(a, "b", sched.StageConfig{}, taking(time.Second, func(n int) (int, error) {
		if n == 3 {
			return n, errStep
		}
		return n, nil
	}))
}

// childOf finds the one span of that name under parent.
func childOf(t *testing.T, rec *telemetrytest.Recorder, parent trace.SpanContext, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	var found []sdktrace.ReadOnlySpan
	for _, s := range rec.Spans() {
		if s.Name() == name && s.Parent().SpanID() == parent.SpanID() && s.SpanContext().TraceID() == parent.TraceID() {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans %q under the parent, want 1", len(found), name)
	}
	return found[0]
}

func TestPipelineTellsOfItsItems(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		p := newPipeline(t, sched.PipelineConfig{}, oneSecondEach(), sched.WithTelemetry(rec.Options()...))
		rec.RequireSum("goflow.pipeline.items", 0, images, completed)
		rec.RequireSum("goflow.pipeline.items", 0, images, failed)
		rec.RequireSum("goflow.pipeline.item.active", 0, images)

		ctx, parent := rec.StartSpan(t.Context(), "request")
		good, bad := p.Submit(ctx, 1), p.Submit(ctx, 3)
		rec.RequireSum("goflow.pipeline.item.active", 2, images)
		_, _ = good.Wait(ctx)
		_, _ = bad.Wait(ctx)
		parent.End()
		_ = p.Stop(ctx)
		_, _ = p.Process(ctx, 1) // not an item: it was not let in

		rec.RequireSum("goflow.pipeline.items", 1, images, completed)
		rec.RequireSum("goflow.pipeline.items", 1, images, failed)
		other := flowconv.ErrorTypeKey.String(core.TypeOther)
		if got := rec.RequireMetric("goflow.pipeline.item.duration", images, other); got.Count != 1 || got.Sum != 3 {
			t.Errorf("got %+v, want one item of three seconds", got)
		}
		item := rec.RequireSpan("process images", images, other)
		if item.Parent().SpanID() != parent.SpanContext().SpanID() || item.EndTime().Sub(item.StartTime()) != 3*time.Second {
			t.Error("the item's span is not its caller's, or not as long as the item took")
		}
		for _, stage := range []string{"a", "b"} {
			s := childOf(t, rec, item.SpanContext(), "execute images/"+stage)
			if took := s.EndTime().Sub(s.StartTime()); took != time.Second {
				t.Errorf("stage %s: its span took %v, want 1s", stage, took)
			}
		}
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.pipeline.")
	})
}

func TestAPipelineThatStartsAgainGoesOnCounting(t *testing.T) {
	t.Parallel()
	rec, ctx := telemetrytest.New(t), t.Context()
	p := newPipeline(t, sched.PipelineConfig{}, twoStages(sched.StageConfig{}), sched.WithTelemetry(rec.Options()...))
	for n := range int64(3) {
		if _, err := p.Process(ctx, "1"); err != nil {
			t.Error(err)
		}
		rec.RequireSum("goflow.pipeline.item.active", 0, images)
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
		if points := rec.Points("goflow.pipeline.item.active", images); len(points) != 0 {
			t.Errorf("got %v of a pipeline that is stopped, want none", points)
		}
		rec.RequireSum("goflow.pipeline.items", n+1, images, completed)
		if err := p.Start(ctx); err != nil {
			t.Error(err)
		}
		rec.RequireSum("goflow.pipeline.items", n+1, images, completed)
	}
}

func TestTheWaitForTheNextStageIsNoWorkOfTheLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		a := sched.NewStage("a", sched.StageConfig{}, taking(time.Second, same))
		p := newPipeline(t, sched.PipelineConfig{}, sched.Then(a, "b", sched.StageConfig{}, taking(time.Minute, same)), sched.WithTelemetry(rec.Options()...))
		ctx, parent := rec.StartSpan(t.Context(), "request")
		exhaust(p.All(ctx, upTo(5)))
		parent.End()
		for _, s := range rec.Spans() {
			want := map[string]time.Duration{"execute images/a": time.Second, "execute images/b": time.Minute}[s.Name()]
			if took := s.EndTime().Sub(s.StartTime()); want != 0 && took != want {
				t.Errorf("%s took %v, want %v", s.Name(), took, want)
			}
		}
	})
}

func TestEachItemOfASequenceIsATraceOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		p := newPipeline(t, sched.PipelineConfig{}, oneSecondEach(), sched.WithTelemetry(rec.Options()...))
		ctx, parent := rec.StartSpan(t.Context(), "import")
		exhaust(p.All(ctx, upTo(5)))
		parent.End()
		traces := map[trace.TraceID]bool{parent.SpanContext().TraceID(): true}
		for _, s := range rec.Spans() {
			if s.Name() != "process images" {
				continue
			}
			if s.Parent().IsValid() || len(s.Links()) != 1 || s.Links()[0].SpanContext.SpanID() != parent.SpanContext().SpanID() {
				t.Errorf("parent %v and links %v, want none and one to the caller", s.Parent(), s.Links())
			}
			traces[s.SpanContext().TraceID()] = true
			childOf(t, rec, s.SpanContext(), "execute images/a")
			childOf(t, rec, s.SpanContext(), "execute images/b")
		}
		if len(traces) != 6 {
			t.Errorf("%d traces, want the caller's and one for each item", len(traces))
		}
		rec.RequireDeclared()
	})
}

func TestItemsAreTracedAsThePolicySays(t *testing.T) {
	t.Parallel()
	for policy, c := range map[telemetry.SpanPolicy]struct{ alone, within int }{
		telemetry.OnRecordingParent: {0, 2}, telemetry.Always: {2, 2}, telemetry.Never: {0, 0},
	} {
		for _, recorded := range []bool{false, true} {
			t.Run(fmt.Sprint(policy, recorded), func(t *testing.T) {
				t.Parallel()
				rec, want := telemetrytest.New(t), c.alone
				p := newPipeline(t, sched.PipelineConfig{}, sched.NewStage("a", sched.StageConfig{}, taking(0, same)),
					sched.WithTelemetry(append(rec.Options(), telemetry.WithSpans(policy))...))
				ctx := t.Context()
				if recorded {
					var parent trace.Span
					ctx, parent = rec.StartSpan(ctx, "request")
					defer parent.End()
					want = c.within
				}
				_, _ = p.Process(ctx, 1)
				exhaust(p.All(ctx, upTo(1)))
				_ = p.Stop(context.Background())
				items := 0
				for _, s := range rec.Spans() {
					if s.Name() == "process images" {
						items++
					}
				}
				if items != want {
					t.Errorf("%d spans of items, want %d", items, want)
				}
			})
		}
	}
}
