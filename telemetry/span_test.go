package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// notRecording is a context in a trace that nobody records, as an unsampled request brings it.
func notRecording(ctx context.Context) context.Context {
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true,
	}))
}

func TestThePolicyAndTheParentDecideOnASpan(t *testing.T) {
	t.Parallel()
	cases := []struct {
		policy                    telemetry.SpanPolicy
		alone, unsampled, sampled bool
	}{
		{telemetry.OnRecordingParent, false, false, true},
		{telemetry.Always, true, true, true},
		{telemetry.Never, false, false, false},
	}
	for _, c := range cases {
		t.Run(c.policy.String(), func(t *testing.T) {
			t.Parallel()
			rec := telemetrytest.New(t)
			s := telemetry.NewScope(scopeName, append(rec.Options(), telemetry.WithSpans(c.policy))...)
			recording, parent := rec.StartSpan(t.Context(), "request")
			defer parent.End()
			check := func(in context.Context, name string, want bool) {
				if got := s.Traced(in); got != want {
					t.Errorf("%s: traced is %v, want %v", name, got, want)
				}
				ctx, span := s.Start(in, "wait "+name)
				if span.Recording() != want || (ctx != in) != want {
					t.Errorf("%s: recording is %v, want %v", name, span.Recording(), want)
				}
				span.Set(checkout)
				span.End(nil)
				if want {
					rec.RequireSpan("wait "+name, checkout)
				} else {
					rec.RequireNoSpan("wait " + name)
				}
			}
			check(t.Context(), "alone", c.alone)
			check(notRecording(t.Context()), "unsampled", c.unsampled)
			check(recording, "sampled", c.sampled)
		})
	}
}

func TestPoliciesHaveNames(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(telemetry.OnRecordingParent, telemetry.Always, telemetry.Never, telemetry.SpanPolicy(9))
	if got != "on_recording_parent always never unknown" {
		t.Error(got)
	}
}

func TestANoopTracerProviderIsNotAskedForSpans(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, telemetry.WithTracerProvider(noop.NewTracerProvider()), telemetry.WithSpans(telemetry.Always))
	ctx, parent := rec.StartSpan(t.Context(), "request")
	defer parent.End()
	if s.Traced(ctx) {
		t.Error("the gate is open to a tracer that does nothing")
	}
	if _, span := s.StartLinked(ctx, "run job", nil); span.Recording() {
		t.Error("a root records")
	}
}

func TestTheGateAllocatesNothing(t *testing.T) {
	s := telemetry.NewScope(scopeName)
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { _ = s.Traced(ctx) }); n > 0 {
		t.Errorf("the gate allocates %v times", n)
	}
}

func TestAChildHasItsParentAndItsError(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, rec.Options()...)
	ctx, parent := rec.StartSpan(t.Context(), "request")
	child, span := s.Start(ctx, "wait checkout", checkout)
	if trace.SpanFromContext(child) == trace.SpanFromContext(ctx) {
		t.Error("the child is not in the context that came back")
	}
	span.End(fmt.Errorf("limit: %w", context.DeadlineExceeded))
	parent.End()

	got := rec.RequireSpan("wait checkout", checkout, flowconv.ErrorTypeKey.String(core.TypeTimeout))
	if got.Parent().SpanID() != parent.SpanContext().SpanID() || got.Status().Code != codes.Error ||
		got.Status().Description != "limit: context deadline exceeded" {
		t.Errorf("parent %v, status %+v", got.Parent(), got.Status())
	}
	if scope := got.InstrumentationScope(); scope.Name != scopeName {
		t.Errorf("scope %q", scope.Name)
	}
	rec.RequireDeclared()
}

func TestDeferredWorkIsANewRootLinkedToAtMostMaxLinks(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, rec.Options()...)
	var links []trace.Link
	ctx := t.Context()
	for range telemetry.MaxLinks + 8 {
		asked, span := rec.StartSpan(ctx, "request")
		link, ok := telemetry.Link(asked)
		if !ok {
			t.Fatal("no link inside a trace")
		}
		links = append(links, link)
		span.End()
	}
	inside, request := rec.StartSpan(ctx, "unrelated")
	_, run := s.StartLinked(inside, "run sweep", links, checkout)
	run.End(nil)
	request.End()

	got := rec.RequireSpan("run sweep", checkout)
	if got.Parent().IsValid() || got.SpanContext().TraceID() == request.SpanContext().TraceID() {
		t.Errorf("the run is in its caller's trace: %v", got.Parent())
	}
	if n := len(got.Links()); n != telemetry.MaxLinks || got.Links()[0].SpanContext.SpanID() != links[0].SpanContext.SpanID() {
		t.Errorf("%d links, want the first %d", n, telemetry.MaxLinks)
	}
}

func TestRootsAreMadeWithoutAParentUnlessNever(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	for _, policy := range []telemetry.SpanPolicy{telemetry.OnRecordingParent, telemetry.Always, telemetry.Never} {
		s := telemetry.NewScope(scopeName, append(rec.Options(), telemetry.WithSpans(policy))...)
		_, span := s.StartLinked(t.Context(), "run "+policy.String(), nil)
		span.End(nil)
	}
	rec.RequireSpan("run on_recording_parent")
	rec.RequireSpan("run always")
	rec.RequireNoSpan("run never")
}

func TestThereIsNoLinkOutsideATrace(t *testing.T) {
	t.Parallel()
	if link, ok := telemetry.Link(t.Context()); ok {
		t.Errorf("linked to %v", link)
	}
}

func TestAnEndedOperationGetsASpanOfItsOwnTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		s := telemetry.NewScope(scopeName, rec.Options()...)
		ctx, parent := rec.StartSpan(t.Context(), "request")
		start := time.Now()
		<-time.After(30 * time.Millisecond)
		s.Ended(ctx, "take checkout", start, errors.New("refused"), checkout)
		parent.End()
		got := rec.RequireSpan("take checkout", checkout, flowconv.ErrorTypeKey.String(core.TypeOther))
		if !got.StartTime().Equal(start) || got.EndTime().Sub(start) != 30*time.Millisecond {
			t.Errorf("from %v to %v, want 30ms from %v", got.StartTime(), got.EndTime(), start)
		}
	})
}

func TestATraceToldInHindsightHasTheTimesItWasTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		s := telemetry.NewScope(scopeName, rec.Options()...)
		request, parent := rec.StartSpan(t.Context(), "request")
		now := time.Now()
		ctx, root := s.StartAt(request, "take checkout", now.Add(-time.Minute), checkout)
		s.Between(ctx, "wait checkout", now.Add(-40*time.Second), now.Add(-30*time.Second), errors.New("refused"), checkout)
		root.End(nil)
		parent.End()
		got := rec.RequireSpan("wait checkout", checkout, flowconv.ErrorTypeKey.String(core.TypeOther))
		if from, to := now.Sub(got.StartTime()), now.Sub(got.EndTime()); from != 40*time.Second || to != 30*time.Second {
			t.Errorf("the span is from %v to %v ago, want from 40s to 30s", from, to)
		}
		of := rec.RequireSpan("take checkout", checkout)
		if took := of.EndTime().Sub(of.StartTime()); of.Parent().IsValid() || took != time.Minute {
			t.Errorf("its parent took %v and has the parent %v, want a root of 1m", took, of.Parent())
		}
		if got.Parent().SpanID() != of.SpanContext().SpanID() {
			t.Error("the span is not below the root")
		}
	})
}

func TestAScopeThatNeverTracesStartsNoTraceInHindsight(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	s := telemetry.NewScope(scopeName, append(rec.Options(), telemetry.WithSpans(telemetry.Never))...)
	_, span := s.StartAt(t.Context(), "take checkout", time.Now())
	span.End(nil)
	rec.RequireNoSpan("take checkout")
}

func TestScopesMadeBeforeTheSDKMakeSpansAndEventsAfterwards(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	s := telemetry.NewScope(scopeName)
	rec := telemetrytest.New(t)
	otel.SetTracerProvider(rec.TracerProvider())
	otel.SetLoggerProvider(rec.LoggerProvider())
	ctx, parent := rec.StartSpan(t.Context(), "request")
	_, span := s.Start(ctx, "wait checkout")
	span.End(nil)
	s.Event(ctx, 9, flowconv.EventLimiterQuotaChange, "changed")
	parent.End()
	rec.RequireSpan("wait checkout")
	rec.RequireEvent(flowconv.EventLimiterQuotaChange)
}

func TestOptionsThatSayNothingLeaveTheDefault(t *testing.T) {
	t.Parallel()
	opts := []telemetry.Option{nil, telemetry.WithTracerProvider(nil), telemetry.WithMeterProvider(nil), telemetry.WithLoggerProvider(nil)}
	tracers, meters := telemetry.Providers(opts...)
	if tracers != otel.GetTracerProvider() || meters != otel.GetMeterProvider() {
		t.Errorf("providers %T and %T, want the global ones", tracers, meters)
	}
	rec := telemetrytest.New(t)
	tracers, meters = telemetry.Providers(append(opts, rec.Options()...)...)
	if tracers != trace.TracerProvider(rec.TracerProvider()) || meters == nil {
		t.Errorf("providers %T and %T, want the given ones", tracers, meters)
	}
	newEngine(newKind(), "checkout", opts...).Close()
}

func TestContinuedWorkIsAChildOfASampledSpanElsewhere(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	_, asked := rec.StartSpan(t.Context(), "request")
	asked.End()
	sampled := asked.SpanContext()
	for name, c := range map[string]struct {
		parent trace.SpanContext
		policy telemetry.SpanPolicy
		span   bool
	}{
		"sampled":    {sampled, telemetry.OnRecordingParent, true},
		"never":      {sampled, telemetry.Never, false},
		"unsampled":  {sampled.WithTraceFlags(0), telemetry.Always, false},
		"outside it": {trace.SpanContext{}.WithTraceFlags(trace.FlagsSampled), telemetry.Always, false},
	} {
		s := telemetry.NewScope(scopeName, append(rec.Options(), telemetry.WithSpans(c.policy))...)
		ctx, span := s.Continue(t.Context(), c.parent, "process "+name, checkout)
		span.End(nil)
		if !c.span {
			rec.RequireNoSpan("process " + name)
			continue
		}
		got := rec.RequireSpan("process "+name, checkout)
		if got.Parent().SpanID() != sampled.SpanID() || trace.SpanContextFromContext(ctx).SpanID() != got.SpanContext().SpanID() {
			t.Errorf("the span has parent %v, want %v", got.Parent(), sampled)
		}
	}
}

func TestABatchIsAChildOrALinkedRootOrHasNoSpan(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	run, parent := rec.StartSpan(t.Context(), "run")
	link, _ := telemetry.Link(run)
	defer parent.End()
	for name, c := range map[string]struct {
		inside      bool // of a recording span
		policy      telemetry.SpanPolicy
		links       []trace.Link
		span, child bool
	}{
		"child":          {true, telemetry.OnRecordingParent, nil, true, true},
		"child, linked":  {true, telemetry.OnRecordingParent, []trace.Link{link}, true, true},
		"root":           {false, telemetry.OnRecordingParent, []trace.Link{link}, true, false},
		"without a link": {false, telemetry.OnRecordingParent, nil, false, false},
		"never":          {true, telemetry.Never, []trace.Link{link}, false, false},
	} {
		s := telemetry.NewScope(scopeName, append(rec.Options(), telemetry.WithSpans(c.policy))...)
		ctx := t.Context()
		if c.inside {
			ctx = run
		}
		_, span := s.StartBatch(ctx, "store "+name, func() []trace.Link { return c.links })
		span.End(nil)
		if !c.span {
			rec.RequireNoSpan("store " + name)
			continue
		}
		got := rec.RequireSpan("store " + name)
		if got.Parent().IsValid() != c.child || len(got.Links()) != len(c.links) {
			t.Errorf("%s: got parent %v and %d links, want child %v and %d links", name, got.Parent(), len(got.Links()), c.child, len(c.links))
		}
	}
}
