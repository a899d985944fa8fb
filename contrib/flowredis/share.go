package flowredis

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	logs "go.opentelemetry.io/otel/log/noop"
	meters "go.opentelemetry.io/otel/metric/noop"
	tracers "go.opentelemetry.io/otel/trace/noop"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
)

// share is this process's part of a limit while Redis cannot be asked: a token bucket, whatever the
// algorithm, with rate and burst divided by the number of instances. It is made when it is first needed.
type share struct {
	newLocal func(rate limit.Rate, burst int) (local, error)

	mu  sync.Mutex // held to replace cut
	cut atomic.Pointer[cut]
}

// cut is a share as it was cut for a quota and a number of instances.
type cut struct {
	local local
	quota *quota
	among int
	burst int
}

// local is a limiter in this process: for all, or for each key.
type local interface {
	take(ctx context.Context, key string, n int) (limit.Decision, error)
	SetRate(ctx context.Context, rate limit.Rate) error
	SetBurst(ctx context.Context, burst int) error
	Close()
}

type localBucket struct{ *limit.TokenBucket }

func (l localBucket) take(ctx context.Context, _ string, n int) (limit.Decision, error) {
	return l.Take(ctx, n)
}

type localKeyed struct{ *limit.Keyed }

func (l localKeyed) take(ctx context.Context, key string, n int) (limit.Decision, error) {
	return l.Take(ctx, key, n)
}

// silent keeps a share out of telemetry: the limiter counts its decisions.
var silent = limit.WithTelemetry(
	telemetry.WithMeterProvider(meters.NewMeterProvider()),
	telemetry.WithLoggerProvider(logs.NewLoggerProvider()),
	telemetry.WithTracerProvider(tracers.NewTracerProvider()),
)

// take decides about n permits of s's share.
func (h *share) take(ctx context.Context, s *shared, q *quota, key string, n int) (limit.Decision, error) {
	c, err := h.cutFor(ctx, q, s.coordinator.Instances())
	if err != nil {
		return limit.Decision{}, s.coordinator.unavailable(s.name, err)
	}
	if n > c.burst { // never here; perhaps when Redis is back
		d := q.reader.full(n)
		after := time.Duration(max(s.coordinator.gate.retryAt()-clock.Now(), int64(time.Millisecond)))
		return limit.Decision{Limit: c.burst, Window: d.Window, RetryAfter: after, NextAfter: after, ResetAfter: after}, nil
	}
	return c.local.take(ctx, key, n)
}

// cutFor gives the share of a quota among so many.
func (h *share) cutFor(ctx context.Context, q *quota, among int) (*cut, error) {
	if c := h.cut.Load(); c != nil && c.quota == q && c.among == among {
		return c, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	rate, burst := divide(q.rate, among), max(q.burst/among, 1)
	next := &cut{quota: q, among: among, burst: burst}
	if c := h.cut.Load(); c != nil {
		next.local = c.local
		if next.local.SetRate(ctx, rate) == nil && next.local.SetBurst(ctx, burst) == nil {
			h.cut.Store(next)
			return next, nil
		}
	}
	made, err := h.newLocal(rate, burst)
	if err != nil {
		return nil, err
	}
	next.local = made
	h.cut.Store(next)
	return next, nil
}

// divide is a rate's part, one a year at the least: limiters take no less.
func divide(rate limit.Rate, among int) limit.Rate {
	const year = 366 * 24 * time.Hour
	count, per := rate.Parts()
	count /= float64(among)
	if count*float64(year) < float64(per) {
		return limit.Every(year)
	}
	return limit.Per(count, per)
}

func (h *share) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.cut.Load(); c != nil {
		c.local.Close()
	}
}
