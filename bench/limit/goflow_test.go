package limit_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

func metered() limit.Option { return limit.WithTelemetry(side.SDK()...) }

func countersOnly() limit.Option {
	return limit.WithTelemetry(append(side.SDK(), telemetry.WithSpans(telemetry.Never))...)
}

func unmetered() limit.Option {
	return limit.WithTelemetry(
		telemetry.WithMeterProvider(metricnoop.NewMeterProvider()),
		telemetry.WithTracerProvider(tracenoop.NewTracerProvider()))
}

func newTokenBucket(tb testing.TB, q quota, opt limit.Option) *limit.TokenBucket {
	tb.Helper()
	bucket, err := limit.NewTokenBucket("bench", limit.TokenBucketConfig{
		Rate: limit.Per(float64(q.count), q.period), Burst: q.burst,
	}, opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(bucket.Close)
	return bucket
}

func newLeakyBucket(tb testing.TB, q quota, opt limit.Option) *limit.LeakyBucket {
	tb.Helper()
	bucket, err := limit.NewLeakyBucket("bench", limit.LeakyBucketConfig{Rate: limit.Per(float64(q.count), q.period)}, opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(bucket.Close)
	return bucket
}

// allowUnder makes an ask of a token bucket with the given telemetry.
func allowUnder(opt func() limit.Option) func(testing.TB, quota) func() bool {
	return func(tb testing.TB, q quota) func() bool {
		ctx := context.Background()
		bucket := newTokenBucket(tb, q, opt())
		return func() bool { return bucket.Allow(ctx) }
	}
}

// allowTraced asks inside a span that records.
func allowTraced(tb testing.TB, q quota) func() bool {
	ctx, span := side.Tracing().Tracer("bench").Start(context.Background(), "request")
	if !span.IsRecording() {
		tb.Fatal("the parent span does not record")
	}
	tb.Cleanup(func() { span.End() })
	bucket := newTokenBucket(tb, q, metered())
	return func() bool { return bucket.Allow(ctx) }
}

// newSharded makes a bucket whose permits are leased to shards.
func newSharded(tb testing.TB, q quota) func() bool {
	tb.Helper()
	bucket, err := limit.NewSharded("bench", limit.ShardedConfig{
		Rate: limit.Per(float64(q.count), q.period), Burst: q.burst,
	}, metered())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(bucket.Close)
	ctx := context.Background()
	return func() bool { return bucket.Allow(ctx) }
}

// gcra is the floor: the algorithm alone.
type gcra struct {
	interval, tolerance int64
	tat                 atomic.Int64
}

var start = time.Now()

func (g *gcra) allow() bool {
	for {
		now, tat := int64(time.Since(start)), g.tat.Load()
		next := max(tat, now) + g.interval
		if next-now > g.tolerance {
			return false
		}
		if g.tat.CompareAndSwap(tat, next) {
			return true
		}
	}
}

func newGCRA(_ testing.TB, q quota) func() bool {
	g := &gcra{interval: int64(q.interval()), tolerance: int64(q.interval()) * int64(q.burst)}
	return g.allow
}
