package limit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

var (
	allowed   = flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeAllowed)
	denied    = flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeDenied)
	delayed   = flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeDelayed)
	cancelled = flowconv.LimiterOutcomeKey.String(flowconv.LimiterOutcomeCancelled)
	one       = flowconv.LimiterPermitsKey.Int(1)
)

// scenario uses every verb of a bucket to every outcome, and a keyed limiter, under a parent span.
func scenario(ctx context.Context, t *testing.T, b *limit.TokenBucket, k *limit.Keyed) {
	t.Helper()
	b.Allow(ctx)
	_, _ = b.Take(ctx, 1)
	b.Allow(ctx)
	_, _ = b.Take(ctx, 2)
	_, _ = b.Take(ctx, 3)
	if r, err := b.Reserve(ctx, 1); err == nil {
		r.Cancel()
	}
	if err := b.Wait(ctx); err != nil {
		t.Error(err)
	}
	short, stop := context.WithTimeout(ctx, time.Millisecond)
	defer stop()
	_ = b.Wait(short)
	left, leave := context.WithCancel(ctx)
	time.AfterFunc(100*time.Millisecond, leave)
	if err := b.Wait(left); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, key := range []string{"ann", "ann", "bob"} {
		k.Allow(ctx, key)
	}
	_, _ = k.Take(ctx, "cy", 1)
	if err := errors.Join(b.SetRate(ctx, limit.PerSecond(2)), k.SetBurst(ctx, 3)); err != nil {
		t.Error(err)
	}
}

func TestTelemetryIsAsRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		b := newBucket(t, limit.PerSecond(1), 2, limit.WithTelemetry(rec.Options()...))
		k, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerMinute(1), MaxKeys: 2},
			limit.WithTelemetry(rec.Options()...), limit.WithKeyAttribute(limit.HashKey))
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		ctx, parent := rec.StartSpan(t.Context(), "request")
		scenario(ctx, t, b, k)
		parent.End()
		rec.RequireDeclared()
		for _, name := range []string{
			"decisions", "permit", "key", "overflows", "wait", "queue", "quota_change", "allow", "take", "reserve",
		} {
			rec.RequireEmitted("goflow.limiter." + name)
		}
		rec.Golden("testdata/telemetry.golden")
	})
}

func TestCountersTellEveryOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		b := newBucket(t, limit.PerSecond(1), 2, limit.WithTelemetry(rec.Options()...))
		k := newKeyed(t, limit.PerMinute(1), 1, 2, limit.WithTelemetry(rec.Options()...))
		name := flowconv.LimiterNameKey.String("api")
		rec.RequireSum("goflow.limiter.decisions", 0, name, denied) // from birth
		scenario(t.Context(), t, b, k)
		s, sk := b.Stats(), k.Stats()
		if s.Allowed != 2 || s.Denied != 4 || s.Delayed != 3 || s.Cancelled != 2 || s.Permits != 5 {
			t.Errorf("%+v", s)
		}
		rec.RequireSum("goflow.limiter.decisions", s.Allowed+sk.Allowed, allowed)
		rec.RequireSum("goflow.limiter.decisions", s.Denied+sk.Denied, denied)
		rec.RequireSum("goflow.limiter.decisions", s.Delayed, delayed)
		rec.RequireSum("goflow.limiter.decisions", s.Cancelled, cancelled)
		rec.RequireSum("goflow.limiter.permits", s.Permits+sk.Permits)
		rec.RequireSum("goflow.limiter.permit.usage", int64(s.InUse))
		rec.RequireSum("goflow.limiter.key.usage", 2)
		rec.RequireSum("goflow.limiter.key.limit", 2)
		rec.RequireSum("goflow.limiter.overflows", 1)
		rec.RequireSum("goflow.limiter.queue.size", 0)
		rec.RequireCount("goflow.limiter.wait.duration", 2)
		rec.RequireCount("goflow.limiter.wait.duration", 1, flowconv.ErrorTypeKey.String("canceled"))
		if len(rec.Spans()) != 0 {
			t.Error("spans without a recording parent")
		}
		rec.RequireEvent(flowconv.EventLimiterQuotaChange, flowconv.LimiterRateKey.String("2/s"), flowconv.LimiterBurstKey.Int(2))
		b.Close()
		b.Close()
		k.Close()
		rec.RequireSum("goflow.limiter.decisions", s.Denied+sk.Denied, denied)
		rec.RequireNoMetric("goflow.limiter.permit.usage")
	})
}

func TestSpansTellEveryDecision(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		b := newBucket(t, limit.PerSecond(1), 1, limit.WithTelemetry(rec.Options()...))
		ctx, parent := rec.StartSpan(t.Context(), "request")
		b.Allow(ctx)
		b.Allow(ctx)
		_, _ = b.Take(ctx, 9)
		if err := b.Wait(ctx); err != nil {
			t.Error(err)
		}
		parent.End()
		span := rec.RequireSpan("allow api", allowed, one)
		if span.Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Error("not a child of its caller's span")
		}
		rec.RequireSpan("allow api", denied, one, flowconv.LimiterRetryAfterKey.Float64(1))
		rec.RequireSpan("take api", denied, flowconv.LimiterPermitsKey.Int(9), flowconv.ErrorTypeKey.String("invalid"))
		span = rec.RequireSpan("wait api", delayed, one)
		if took := span.EndTime().Sub(span.StartTime()); took != time.Second {
			t.Errorf("the wait's span took %v", took)
		}
	})
}

func TestKeysAreShownOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	ctx, parent := rec.StartSpan(t.Context(), "request")
	defer parent.End()
	show := func(key string) string { return key }
	for _, opts := range [][]limit.Option{nil, {limit.WithKeyAttribute(show)}} {
		k := newKeyed(t, limit.PerSecond(1), 1, 10, append(opts, limit.WithTelemetry(rec.Options()...))...)
		k.Allow(ctx, "\xffann")
		shown := false
		for _, kv := range rec.Spans()[len(rec.Spans())-1].Attributes() {
			if kv.Key == flowconv.LimiterKeyKey {
				shown = true
				if got := kv.Value.AsString(); got != "\uFFFDann" {
					t.Errorf("key %q; exporters refuse what is not UTF-8", got)
				}
			}
		}
		if shown != (opts != nil) {
			t.Errorf("the key is shown: %v", shown)
		}
	}
	for _, name := range []string{"goflow.limiter.decisions", "goflow.limiter.key.usage"} {
		for _, p := range rec.Points(name) {
			if p.Attributes.HasValue(flowconv.LimiterKeyKey) {
				t.Errorf("metric %s has the key", name)
			}
		}
	}
	if limit.HashKey("ann") == limit.HashKey("bob") || len(limit.HashKey("ann")) != 16 {
		t.Error(limit.HashKey("ann"))
	}
}

func TestManyKeysMakeNoNewSeries(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	k := newKeyed(t, limit.PerHour(1), 1, 1_000_000, limit.WithTelemetry(rec.Options()...))
	points := func() (n int) {
		for _, m := range flowconv.Metrics {
			n += len(rec.Points(m.Name))
		}
		return n
	}
	before := points()
	for i := range 20_000 {
		k.Allow(t.Context(), fmt.Sprint(i))
	}
	if after := points(); after != before {
		t.Errorf("%d points became %d", before, after)
	}
}

// panicking is a tracer whose Start panics.
type panicking struct{ noop.Tracer }

func (panicking) Start(context.Context, string, ...trace.SpanStartOption) (context.Context, trace.Span) {
	panic("tracer")
}

type panickingProvider struct{ noop.TracerProvider }

func (panickingProvider) Tracer(string, ...trace.TracerOption) trace.Tracer { return panicking{} }

func TestProviderThatPanicsChangesNoDecision(t *testing.T) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {})) // told of each panic
	rec := telemetrytest.New(t)
	b := newBucket(t, limit.PerHour(1), 2, limit.WithTelemetry(append(rec.Options(), telemetry.WithTracerProvider(panickingProvider{}))...))
	ctx, parent := rec.StartSpan(t.Context(), "request")
	defer parent.End()
	d, err := b.Take(ctx, 1)
	if !b.Allow(ctx) || b.Allow(ctx) || !d.Allowed || err != nil {
		t.Errorf("%+v, %v", d, err)
	}
	rec.RequireSum("goflow.limiter.decisions", 2, allowed)
}

func TestReaderThatBlocksHoldsUpNoDecision(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	b := newBucket(t, limit.PerHour(1), 1000, limit.WithTelemetry(rec.Options()...))
	inside, release := make(chan struct{}), make(chan struct{})
	meter := rec.MeterProvider().Meter("blocking")
	gauge, err := meter.Int64ObservableGauge("slow")
	if err != nil {
		t.Fatal(err)
	}
	registration, err := meter.RegisterCallback(func(context.Context, metric.Observer) error {
		close(inside)
		<-release
		return nil
	}, gauge)
	if err != nil {
		t.Fatal(err)
	}
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		rec.Collect()
	}()
	<-inside
	for range 1000 {
		if !b.Allow(t.Context()) {
			t.Fatal("denied")
		}
	}
	another := newBucket(t, limit.PerHour(1), 1, limit.WithTelemetry(rec.Options()...))
	another.Close()
	close(release)
	<-collected
	if err := registration.Unregister(); err != nil {
		t.Error(err)
	}
	rec.RequireSum("goflow.limiter.permits", 1000)
}
