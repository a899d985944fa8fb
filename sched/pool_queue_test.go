package sched_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestOfferTakesWhatThereIsRoomFor(t *testing.T) {
	t.Parallel()
	for _, overflow := range []sched.Overflow{sched.Block, sched.Reject, sched.DropOldest} {
		p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: 3, Overflow: overflow})
		release := hold(t, p, 1)
		var ran []int
		offer := func(priority sched.Priority, numbers ...int) int {
			var ws []any
			for _, n := range numbers {
				ws = append(ws, &sched.Work{Task: func(context.Context) error { ran = append(ran, n); return nil }})
			}
			return p.Offer(priority, ws...)
		}
		if got := offer(sched.Normal, 1, 2); got != 2 {
			t.Errorf("%v: %d were taken, want 2", overflow, got)
		}
		if got := offer(sched.High, 3, 4); got != 1 {
			t.Errorf("%v: %d were taken, want 1", overflow, got)
		}
		release()
		stop(t, p)
		if got := offer(sched.Normal, 5); got != 0 {
			t.Errorf("%v: it is stopped, and %d were taken", overflow, got)
		}
		if want := []int{3, 1, 2}; !slices.Equal(ran, want) {
			t.Errorf("%v: ran %v, want %v", overflow, ran, want)
		}
		if got := p.Stats(); got.Rejected != 0 || got.Dropped != 0 || got.Completed != 4 {
			t.Errorf("%v: got %+v", overflow, got)
		}
	}
}

func TestEnqueuedWorkHasItsCallersContextAndOptions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		p := newPool(t, sched.PoolConfig{MaxWorkers: 1}, sched.WithTelemetry(rec.Options()...))
		ctx, parent := rec.StartSpan(context.WithValue(context.Background(), key("body"), "big"), "request")
		err := p.Enqueue(ctx, &sched.Work{Task: func(ctx context.Context) error {
			if ctx.Value(key("body")) != "big" {
				t.Error("the value did not come")
			}
			<-ctx.Done()
			return ctx.Err()
		}}, sched.WithTimeout(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		leaving, leave := context.WithCancelCause(context.Background())
		var abandoned error
		late := &sched.Work{Abandon: func(err error) { abandoned = err }}
		if err := p.Enqueue(leaving, late, sched.TaskOption{}); err != nil {
			t.Fatal(err)
		}
		why := errors.New("no longer wanted")
		leave(why)
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if abandoned != why {
			t.Errorf("it was abandoned with %v", abandoned)
		}
		stop(t, p)
		parent.End()
		if span := rec.RequireSpan("execute images"); span.Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Error("the span is no child of its caller's")
		}
		if got := p.Stats(); got.Failed != 1 || got.Cancelled != 1 {
			t.Errorf("got %+v, want 1 failed, 1 cancelled", got)
		}
	})
}

func TestBoundWorkIsLinkedToWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	p := newPool(t, sched.PoolConfig{}, sched.WithTelemetry(rec.Options()...))
	ctx, caller := rec.StartSpan(context.Background(), "request")
	p.Offer(sched.Normal, sched.Bound(telemetry.Detach(ctx), nothing))
	stop(t, p)
	caller.End()
	_, parent, links := spanOf(t, rec)
	if parent.IsValid() || len(links) != 1 || links[0].SpanID() != trace.SpanContextFromContext(ctx).SpanID() {
		t.Errorf("parent %v, links %v", parent, links)
	}
}

func TestThePoolIsSilentAboutPanicsThatAreReported(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	p := newPool(t, sched.PoolConfig{}, sched.WithTelemetry(rec.Options()...))
	w := &sched.Work{Task: func(context.Context) error { panic("boom") }}
	p.Offer(sched.Normal, sched.ReportingWork{Work: w})
	if err := p.Enqueue(t.Context(), sched.ReportingWork{Work: w}, sched.TaskOption{}); err != nil {
		t.Error(err)
	}
	submit(t, p, func(context.Context) error { return &core.PanicError{Value: "told before"} })
	p.Offer(sched.Normal, w)
	stop(t, p)
	if got := len(rec.Logs()); got != 1 || p.Stats().Panicked != 4 {
		t.Errorf("%d events and %d panics, want one of 4", got, p.Stats().Panicked)
	}
}

func TestStopAbandonsWorkThatIsNoOnesTask(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1})
	release := hold(t, p, 1)
	var abandoned error
	p.Offer(sched.Normal, &sched.Work{Abandon: func(err error) { abandoned = err }}, sched.Bound(context.Background(), nothing))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var unfinished *sched.UnfinishedError
	var stopped *sched.StoppedError
	err := p.Stop(ended)
	release()
	if !errors.As(err, &unfinished) || len(unfinished.Tasks) != 1 || !errors.As(abandoned, &stopped) {
		t.Errorf("got %v, and the work was told %v", err, abandoned)
	}
	if want := `sched: pool "images" stopped with 1 tasks handed back, 1 whose callers know and 1 still running: context canceled`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
