package sched_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func to(rec *telemetrytest.Recorder, more ...telemetry.Option) sched.Option {
	return sched.WithTelemetry(append(rec.Options(), more...)...)
}

// userKey is the key of a value of the caller's.
type userKey struct{}

// caller is a context as a request has it: a span, baggage, a value, and an end.
func caller(t *testing.T, rec *telemetrytest.Recorder) (context.Context, trace.Span, context.CancelFunc) {
	t.Helper()
	member, err := baggage.NewMember("tenant", "acme")
	if err != nil {
		t.Fatal(err)
	}
	b, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(baggage.ContextWithBaggage(t.Context(), b), time.Second)
	ctx, span := rec.StartSpan(context.WithValue(ctx, userKey{}, "ada"), "request")
	return ctx, span, cancel
}

func TestARunHasItsCallersValuesButNotItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		s := newScheduler(t, sched.Config{}, to(rec), sched.WithValues(userKey{}))
		ctx, span, cancel := caller(t, rec)
		var mu sync.Mutex // the two run beside each other
		seen := map[string]string{}
		note := func(name string) core.Task {
			return func(ctx context.Context) error {
				_, inner := rec.StartSpan(ctx, "inside "+name)
				defer inner.End()
				mu.Lock()
				defer mu.Unlock()
				seen[name] = fmt.Sprintln(ctx.Value(userKey{}), baggage.FromContext(ctx).Member("tenant").Value(), ctx.Err())
				return nil
			}
		}
		if _, err := s.Schedule(ctx, "report", sched.After(time.Minute), note("job")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.After(ctx, time.Minute, note("timer")); err != nil {
			t.Fatal(err)
		}
		span.End()
		cancel()
		pass(time.Hour)
		for _, name := range []string{"job", "timer"} {
			if seen[name] != "ada acme <nil>\n" {
				t.Errorf("the %s saw %q", name, seen[name])
			}
		}
		for name, root := range map[string]string{"inside job": "run report", "inside timer": "execute maintenance"} {
			r, inner := rec.RequireSpan(root), rec.RequireSpan(name)
			if r.Parent().IsValid() || r.SpanContext().TraceID() == span.SpanContext().TraceID() {
				t.Errorf("%q is no root of its own", root)
			}
			if len(r.Links()) != 1 || r.Links()[0].SpanContext.SpanID() != span.SpanContext().SpanID() {
				t.Errorf("%q is linked to %v, want the request", root, r.Links())
			}
			if inner.Parent().SpanID() != r.SpanContext().SpanID() {
				t.Errorf("%q is not under %q", name, root)
			}
		}
	})
}

func TestAManualRunIsLinkedToWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		s := newScheduler(t, sched.Config{}, to(rec))
		j := schedule(t, s, sched.Every(time.Hour), well)
		ctx, span := rec.StartSpan(t.Context(), "operator")
		if err := j.RunNow(ctx); err != nil {
			t.Fatal(err)
		}
		span.End()
		synctest.Wait()
		if links := rec.RequireSpan("run report").Links(); len(links) != 1 || links[0].SpanContext.SpanID() != span.SpanContext().SpanID() {
			t.Errorf("linked to %v", links)
		}
	})
}

func TestEveryNameOfASchedulerIsDeclaredAndEmitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		var clock sched.WallClock
		s := newStopped(t, sched.Config{Workers: 8}, to(rec), sched.WithWallClock(&clock))
		report := flowconv.JobNameKey.String("report")
		outcome := func(o string) []attribute.KeyValue {
			return []attribute.KeyValue{report, flowconv.JobOutcomeKey.String(o)}
		}
		n := 0
		j := schedule(t, s, sched.Every(time.Minute), func(ctx context.Context) error {
			n++
			switch n {
			case 2:
				return errDown
			case 3:
				panic("boom")
			case 4:
				runtime.Goexit()
			case 5:
				return &sched.FullError{}
			case 6:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		rec.RequireSum("goflow.job.runs", 0, outcome("success")...) // from birth
		pass(3*time.Minute + time.Second)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.After(t.Context(), time.Hour, well); err != nil {
			t.Fatal(err)
		}
		pass(5*time.Minute + 30*time.Second)
		rec.RequireSum("goflow.job.run.active", 1, report)
		rec.RequireSum("goflow.scheduler.job.pending", 1, flowconv.SchedulerNameKey.String("maintenance"))
		rec.RequireSum("goflow.scheduler.timer.pending", 1, flowconv.SchedulerNameKey.String("maintenance"))
		clock.Step(2 * time.Hour)
		pass(2 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := j.Drain(ctx); err != nil {
			t.Error(err)
		}
		rec.RequireSum("goflow.job.runs", 1, outcome("success")...)
		rec.RequireSum("goflow.job.runs", 3, outcome("failure")...)
		rec.RequireSum("goflow.job.runs", 2, outcome("skipped")...) // by a policy, and since it still ran
		rec.RequireSum("goflow.job.runs", 2, outcome("missed")...)
		rec.RequireSum("goflow.job.runs", 1, outcome("cancelled")...)
		rec.RequireCount("goflow.job.run.duration", 6)
		rec.RequireCount("goflow.job.start.delay", 6)
		rec.RequireEvent(flowconv.EventJobMissed, report, flowconv.JobMissedKey.Int(2))
		rec.RequireEvent(flowconv.EventJobPanic, report, flowconv.ExceptionMessageKey.String("core: task panicked: boom"))
		rec.RequireEvent(flowconv.EventJobPanic, report, flowconv.ExceptionMessageKey.String("core: task ended its goroutine"))
		rec.RequireNoEvent(flowconv.EventPoolPanic)
		if got := len(rec.Logs()); got != 4 {
			t.Errorf("%d events, want one for each panic, the missed runs and the step of the clock", got)
		}
		rec.RequireSpan("run report", flowconv.ErrorTypeKey.String(core.TypePanic))
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.job.")
		rec.RequireEmitted("goflow.scheduler.")
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		rec.RequireNoMetric("goflow.scheduler.job.pending")
		rec.RequireSum("goflow.job.runs", 1, outcome("success")...)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		rec.RequireSum("goflow.job.runs", 1, outcome("success")...)
		rec.RequireSum("goflow.scheduler.job.pending", 0)
	})
}

func TestNamesOfJobsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		s := newScheduler(t, sched.Config{}, to(rec))
		const n = 3 * sched.MaxMeters
		for i := range n {
			if _, err := s.Schedule(t.Context(), fmt.Sprint("cart ", i), sched.After(time.Minute), well); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Minute)
		rec.RequireSum("goflow.job.runs", n, flowconv.JobOutcomeKey.String("success"))
		if got := len(rec.Points("goflow.job.run.active")); got != sched.MaxMeters+1 {
			t.Errorf("%d names are reported, want %d and one for the rest", got, sched.MaxMeters)
		}
		rec.RequireSum("goflow.job.runs", n-sched.MaxMeters, flowconv.JobNameKey.String("_other"))
	})
}

// broken is a trigger that does not keep its promise.
type broken func(after time.Time) (time.Time, bool)

func (b broken) Next(after time.Time) (time.Time, bool) { return b(after) }

func TestABrokenTriggerEndsItsJobAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]func(after time.Time) (time.Time, bool){
		"one that panics":        func(time.Time) (time.Time, bool) { panic("boom") },
		"one that stands still":  func(after time.Time) (time.Time, bool) { return after, true },
		"one that goes backward": func(after time.Time) (time.Time, bool) { return after.Add(-time.Hour), true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rec := telemetrytest.New(t)
				s := newScheduler(t, sched.Config{}, to(rec))
				first := time.Now().Add(time.Minute)
				var c, other counter
				schedule(t, s, broken(func(after time.Time) (time.Time, bool) {
					if after.Before(first) {
						return first, true
					}
					return later(after)
				}), c.run)
				if _, err := s.Schedule(t.Context(), "other", sched.Every(time.Minute), other.run); err != nil {
					t.Fatal(err)
				}
				pass(10*time.Minute + time.Second)
				if c.n.Load() != 1 || other.n.Load() != 10 {
					t.Errorf("%d runs and %d of the other job, want 1 and 10", c.n.Load(), other.n.Load())
				}
				rec.RequireEvent(flowconv.EventJobPanic, flowconv.JobNameKey.String("report"))
				if len(rec.Logs()) != 1 {
					t.Errorf("%d events, want one", len(rec.Logs()))
				}
			})
		})
	}
}

func TestPoliciesDecideAboutRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		var open atomic.Bool
		order := ""
		named := func(name string) core.Policy {
			return core.PolicyFunc(func(ctx context.Context, task core.Task) error {
				order += name
				return task(ctx)
			})
		}
		j := schedule(t, s, sched.Every(time.Minute), func(context.Context) error { order += "c"; return nil },
			sched.WithPolicies(sched.When(func(context.Context) bool { return open.Load() }), named("a")), sched.WithPolicies(nil, named("b")))
		pass(2*time.Minute + time.Second)
		open.Store(true)
		pass(time.Minute)
		if st := j.Stats(); st.Skipped != 2 || st.Success != 1 || order != "abc" {
			t.Errorf("stats %+v, order %q; want two skipped, and the first policy outermost", st, order)
		}
		if h := j.History(); len(h) != 3 || h[0].Outcome != sched.Skipped || !errors.Is(h[0].Err, core.ErrRejected) {
			t.Errorf("history %+v", h)
		}
	})
}

func TestOfACrowdOfRunsSomeAreTimedAndAllAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		s := newScheduler(t, sched.Config{}, to(rec))
		const n = 3000
		for i := range n {
			if _, err := s.Schedule(t.Context(), fmt.Sprint(i), sched.Every(time.Hour), well); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Hour)
		rec.RequireSum("goflow.job.runs", n, flowconv.JobOutcomeKey.String("success"))
		var timed uint64
		for _, p := range rec.Points("goflow.job.run.duration") {
			timed += p.Count
		}
		if timed < n/sched.Sample || timed > n/2 {
			t.Errorf("%d of %d runs were timed, want about one in %d", timed, n, sched.Sample)
		}
	})
}

func TestARunIsOneSpanWhateverThePolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[telemetry.SpanPolicy]int{telemetry.Always: 1, telemetry.OnRecordingParent: 1, telemetry.Never: 0} {
		synctest.Test(t, func(t *testing.T) {
			rec := telemetrytest.New(t)
			s := newScheduler(t, sched.Config{}, to(rec, telemetry.WithSpans(policy)))
			schedule(t, s, sched.Every(time.Minute), well, sched.WithLimit(1))
			pass(time.Hour)
			if got := len(rec.Spans()); got != want {
				t.Errorf("%v: %d spans of one run, want %d", policy, got, want)
			}
		})
	}
}
