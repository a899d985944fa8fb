package sched_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestPoolTellsWhatItDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		p := newPool(t, sched.PoolConfig{MinWorkers: 1, MaxWorkers: 4, Queue: 3, Overflow: sched.DropOldest, ScaleAfter: time.Hour},
			sched.WithTelemetry(rec.Options()...))
		name := flowconv.PoolNameKey.String("images")
		for _, outcome := range []string{"completed", "failed", "panicked", "cancelled", "rejected", "dropped", "returned"} {
			rec.RequireSum("goflow.pool.tasks", 0, name, flowconv.PoolOutcomeKey.String(outcome))
		}
		ctx, parent := rec.StartSpan(t.Context(), "request")
		submit(t, p, func(context.Context) error { <-time.After(time.Minute); return errors.New("failed") })
		synctest.Wait()
		submit(t, p, nothing) // to be dropped
		waited := sched.Go(ctx, p, func(context.Context) (int, error) { panic("boom") })
		leaving, leave := context.WithCancel(t.Context())
		sched.Go(leaving, p, func(context.Context) (int, error) { return 0, nil })
		leave()
		if err := p.Submit(ctx, nothing); err != nil {
			t.Error(err)
		}
		for metric, want := range map[string]int64{"goflow.pool.queue.size": 3, "goflow.pool.queue.capacity": 3, "goflow.pool.worker.limit": 4} {
			rec.RequireSum(metric, want, name)
		}
		rec.RequireSum("goflow.pool.worker.active", 1, name, flowconv.PoolWorkerStateKey.String("busy"))
		rec.RequireSum("goflow.pool.worker.active", 0, name, flowconv.PoolWorkerStateKey.String("idle"))
		if got := rec.RequireMetric("goflow.pool.worker.utilization", name); got.Value != 0.25 {
			t.Errorf("utilization is %v, want 0.25", got.Value)
		}
		if _, err := waited.Wait(t.Context()); core.ErrorType(err) != core.TypePanic {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		parent.End()
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.pool.")

		child := rec.RequireSpan("execute images", flowconv.ErrorTypeKey.String("panic"), flowconv.PoolTaskWaitKey.Float64(60))
		if child.Parent().SpanID() != parent.SpanContext().SpanID() || child.Status().Code != codes.Error {
			t.Errorf("the waited task's span has parent %v", child.Parent())
		}
		rec.RequireEvent("goflow.pool.panic", name, flowconv.ExceptionMessageKey.String("core: task panicked: boom"))
		if got := len(rec.Logs()); got != 1 {
			t.Errorf("%d events, want one", got)
		}
		if got := rec.RequireMetric("goflow.pool.task.duration", name, flowconv.ErrorTypeKey.String("_OTHER")); got.Count != 1 || got.Sum != 60 {
			t.Errorf("the failed task took %+v", got)
		}
		stop(t, p)
		rec.RequireNoMetric("goflow.pool.queue.size", name)
		rec.RequireSum("goflow.pool.tasks", 1, name, flowconv.PoolOutcomeKey.String("cancelled"))
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		submit(t, p, nothing)
		synctest.Wait()
		for outcome, want := range map[string]int64{"completed": 2, "failed": 1, "panicked": 1, "cancelled": 1, "dropped": 1} {
			rec.RequireSum("goflow.pool.tasks", want, name, flowconv.PoolOutcomeKey.String(outcome))
		}
	})
}

// spanOf gives the only span of a task.
func spanOf(t *testing.T, rec *telemetrytest.Recorder) (span trace.SpanContext, parent trace.SpanContext, links []trace.SpanContext) {
	t.Helper()
	s := rec.RequireSpan("execute images", flowconv.PoolNameKey.String("images"))
	for _, l := range s.Links() {
		links = append(links, l.SpanContext)
	}
	return s.SpanContext(), s.Parent(), links
}

func TestWaitedTasksAreChildrenAndOthersLinkedRoots(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run    func(ctx context.Context, p *sched.Pool, task core.Task)
		linked bool
	}{
		"Submit":      {func(ctx context.Context, p *sched.Pool, task core.Task) { _ = p.Submit(ctx, task) }, true},
		"SubmitBatch": {func(ctx context.Context, p *sched.Pool, task core.Task) { _, _ = p.SubmitBatch(ctx, []core.Task{task}) }, true},
		"Go": {func(ctx context.Context, p *sched.Pool, task core.Task) {
			sched.Go(ctx, p, func(ctx context.Context) (int, error) { return 0, task(ctx) })
		}, false},
		"Group": {func(ctx context.Context, p *sched.Pool, task core.Task) {
			g := p.Group(ctx, sched.GroupConfig{})
			g.Go(task)
			_ = g.Wait()
		}, false},
	} {
		rec := telemetrytest.New(t)
		p := newPool(t, sched.PoolConfig{}, sched.WithTelemetry(rec.Options()...))
		ctx, caller := rec.StartSpan(context.Background(), "request")
		inside := make(chan trace.SpanContext, 1)
		c.run(ctx, p, func(ctx context.Context) error { inside <- trace.SpanContextFromContext(ctx); return nil })
		seen := <-inside
		stop(t, p)
		caller.End()
		span, parent, links := spanOf(t, rec)
		if !seen.Equal(span) {
			t.Errorf("%s: the task ran in span %v, want %v", name, seen.SpanID(), span.SpanID())
		}
		if c.linked {
			if parent.IsValid() || len(links) != 1 || links[0].SpanID() != caller.SpanContext().SpanID() {
				t.Errorf("%s: parent %v, links %v; want a root linked to its submitter", name, parent, links)
			}
		} else if parent.SpanID() != caller.SpanContext().SpanID() || len(links) != 0 {
			t.Errorf("%s: parent %v, links %v; want a child", name, parent, links)
		}
	}
}

func TestTasksHaveNoSpanWithoutASampledCaller(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	p := newPool(t, sched.PoolConfig{}, sched.WithTelemetry(rec.Options()...))
	unsampled := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	for _, ctx := range []context.Context{context.Background(), t.Context(), unsampled} {
		if err := p.Submit(ctx, nothing); err != nil {
			t.Error(err)
		}
		sched.Go(ctx, p, func(context.Context) (int, error) { return 0, nil })
	}
	stop(t, p)
	if got := len(rec.Spans()); got != 0 {
		t.Errorf("%d spans, want none", got)
	}
}

func TestEveryTaskHasASpanWhenAsked(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	p := newPool(t, sched.PoolConfig{}, sched.WithTelemetry(append(rec.Options(), telemetry.WithSpans(telemetry.Always))...))
	submit(t, p, nothing)
	_, _ = sched.Go(context.Background(), p, func(context.Context) (int, error) { return 0, nil }).Wait(t.Context())
	stop(t, p)
	if got := len(rec.Spans()); got != 2 {
		t.Errorf("%d spans, want 2", got)
	}
}

func TestFastTasksAreTimedBySample(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // in which no time passes: nothing is faster
		rec := telemetrytest.New(t)
		p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 10_000}, sched.WithTelemetry(rec.Options()...))
		count := func() uint64 {
			synctest.Wait()
			return rec.RequireMetric("goflow.pool.task.wait.duration").Count
		}
		fill(t, p, 100)
		if got := count(); got != 100 {
			t.Errorf("of the first 100 tasks %d were timed, want all", got)
		}
		fill(t, p, 4096)
		before := count()
		fill(t, p, 6400)
		if got := count() - before; got != 100 {
			t.Errorf("of 6,400 fast tasks %d were timed, want 100", got)
		}
		for range 2048 {
			<-time.After(time.Millisecond)
			submit(t, p, nothing)
		}
		before = count()
		for range 100 {
			<-time.After(time.Millisecond)
			submit(t, p, nothing)
		}
		if got := count() - before; got != 100 {
			t.Errorf("of 100 slow tasks %d were timed, want all", got)
		}
	})
}

// Not parallel: it counts allocations.
func TestPlainTasksDoNotAllocate(t *testing.T) {
	for name, opts := range map[string][]telemetry.Option{"unset": nil, "an SDK": telemetrytest.New(t).Options()} {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 10_000}, sched.WithTelemetry(opts...))
		ctx := context.Background()
		request, cancel := context.WithCancel(ctx)
		defer cancel()
		done := make(chan struct{})
		task := func(context.Context) error { done <- struct{}{}; return nil }
		batch := []core.Task{task, task, task}
		for op, f := range map[string]func(){
			"Submit":               func() { _ = p.Submit(ctx, task); <-done },
			"Submit of a request":  func() { _ = p.Submit(request, task); <-done },
			"Submit with priority": func() { _ = p.Submit(ctx, task, sched.WithPriority(sched.High)); <-done },
			"TrySubmit":            func() { _ = p.TrySubmit(ctx, task); <-done },
			"SubmitBatch":          func() { _, _ = p.SubmitBatch(ctx, batch); <-done; <-done; <-done },
		} {
			for range 5000 { // the first are timed
				f()
			}
			if got := testing.AllocsPerRun(1000, f); got != 0 {
				t.Errorf("providers %s: %s makes %v allocations", name, op, got)
			}
		}
		for op, ctx := range map[string]context.Context{"Go": ctx, "Go of a request": request} {
			got := testing.AllocsPerRun(1000, func() {
				_, _ = sched.Go(ctx, p, func(context.Context) (int, error) { return 1, nil }).Wait(ctx)
			})
			if got > 3 {
				t.Errorf("providers %s: %s makes %v allocations, want 3 at most", name, op, got)
			}
		}
	}
}
