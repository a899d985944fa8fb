package lease_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// scenario has every outcome and every end once, under a parent span.
func scenario(ctx context.Context, t *testing.T, l *lease.Locker, store *faulty) {
	t.Helper()
	first := acquire(ctx, t, l, "report")
	if _, err := l.TryAcquire(ctx, "report"); err == nil {
		t.Error("it was held")
	}
	brief, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := l.Acquire(brief, "report"); err == nil {
		t.Error("it was held")
	}
	time.AfterFunc(10*time.Second, func() { release(t, first) })
	release(t, acquire(ctx, t, l, "report"))
	once := lease.Once(l)
	for range 2 {
		_ = once.Do(occurrence(ctx, due), func(context.Context) error { return nil })
	}
	down := errors.New("down")
	store.acquire = func(context.Context, func(context.Context) (lease.Grant, error)) (lease.Grant, error) {
		return lease.Grant{}, down
	}
	_, _ = l.TryAcquire(ctx, "report")
	store.acquire = nil
	store.extend = func(context.Context, func(context.Context) (bool, error)) (bool, error) { return false, nil }
	lost := acquire(ctx, t, l, "lost")
	<-lost.Context().Done()
	synctest.Wait() // what ended it counts and tells after that
	_ = lost.Release(ctx)
	store.extend = func(context.Context, func(context.Context) (bool, error)) (bool, error) { return false, down }
	expired := acquire(ctx, t, l, "expired")
	<-expired.Context().Done()
	synctest.Wait()
	_ = expired.Release(ctx)
	store.extend = nil
	abandoned := acquire(ctx, t, l, "abandoned")
	store.release = func(context.Context, func(context.Context) (bool, error)) (bool, error) { return false, down }
	_ = abandoned.Release(ctx)
	store.release = nil
}

func TestLockerTellsWhatItDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		store := &faulty{Store: lease.NewMemory()}
		show := func(key string) string { return key + strings.Repeat("\xff", 200) }
		l := newLocker(t, store, short, lease.WithTelemetry(rec.Options()...), lease.WithKeyAttribute(show))
		name := flowconv.LeaseNameKey.String("jobs")
		rec.RequireSum("goflow.lease.acquisitions", 0, name, flowconv.LeaseOutcomeKey.String("held")) // from birth
		ctx, parent := rec.StartSpan(t.Context(), "request")
		scenario(ctx, t, l, store)
		parent.End()
		for outcome, want := range map[string]int64{"granted": 6, "held": 1, "done": 1, "failed": 1, "cancelled": 1} {
			rec.RequireSum("goflow.lease.acquisitions", want, name, flowconv.LeaseOutcomeKey.String(outcome))
		}
		for end, want := range map[string]int64{"released": 3, "lost": 1, "expired": 1, "abandoned": 1} {
			rec.RequireSum("goflow.lease.ends", want, name, flowconv.LeaseEndKey.String(end))
		}
		rec.RequireSum("goflow.lease.renewals", 1, name, flowconv.LeaseRenewalKey.String("refused"))
		rec.RequireSum("goflow.lease.renewals", l.Stats().Renewed, name, flowconv.LeaseRenewalKey.String("renewed"))
		rec.RequireSum("goflow.lease.active", 0, name)
		rec.RequireSum("goflow.lease.queue.size", 0, name)
		rec.RequireCount("goflow.lease.hold.duration", 6, name)
		rec.RequireCount("goflow.lease.hold.duration", 2, name, flowconv.ErrorTypeKey.String("unavailable"))
		rec.RequireCount("goflow.lease.wait.duration", 2, name)
		rec.RequireEvent("goflow.lease.lost", name, flowconv.LeaseEndKey.String("lost"))
		rec.RequireEvent("goflow.lease.lost", name, flowconv.LeaseEndKey.String("expired"))
	})
}

func TestSpansCarryTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		l := newLocker(t, lease.NewMemory(), short, lease.WithTelemetry(rec.Options()...))
		ctx, parent := rec.StartSpan(t.Context(), "request")
		first := acquire(ctx, t, l, "report")
		_, _ = l.TryAcquire(ctx, "report")
		time.AfterFunc(time.Minute, func() { release(t, first) })
		second := acquire(ctx, t, l, "report")
		if err := second.Release(ctx); err != nil {
			t.Error(err)
		}
		parent.End()
		token := flowconv.LeaseTokenKey.Int64(int64(second.Token()))
		span := rec.RequireSpan("acquire jobs", flowconv.LeaseOutcomeKey.String("granted"), token)
		if took := span.EndTime().Sub(span.StartTime()); took != time.Minute || span.Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("the span of the wait took %v", took)
		}
		rec.RequireSpan("release jobs", token)
		if span = rec.RequireSpan("acquire jobs", flowconv.LeaseOutcomeKey.String("held")); span.Status().Code == codes.Error {
			t.Error("that a key is held is no error of the span")
		}
		for _, span := range rec.Spans() {
			for _, kv := range span.Attributes() {
				if kv.Key == flowconv.LeaseKeyKey {
					t.Error("the key is shown, though no one asked for it")
				}
			}
		}
		before := len(rec.Spans())
		release(t, acquire(t.Context(), t, l, "report"))
		if after := len(rec.Spans()); after != before {
			t.Error("a span without a recording parent")
		}
	})
}

func TestEverythingDeclaredIsEmitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		store := &faulty{Store: lease.NewMemory()}
		opts := []lease.Option{lease.WithTelemetry(rec.Options()...), lease.WithKeyAttribute(strings.ToUpper), nil}
		l := newLocker(t, store, short, opts...)
		ctx, parent := rec.StartSpan(t.Context(), "request")
		scenario(ctx, t, l, store)
		parent.End()
		e := newElector(t, lease.NewMemory(), append(opts, lease.WithHook(func(context.Context, lease.Change) { panic("hook") }))...)
		rec.RequireSum("goflow.lease.term.active", 0)
		start(t, e)
		rec.RequireSum("goflow.lease.term.active", 1, flowconv.LeaseNameKey.String("leader"))
		rec.RequireDeclared()
		rec.RequireEmitted("goflow.lease.")
		token := flowconv.LeaseTokenKey.Int64(int64(e.Stats().Token))
		rec.RequireEvent("goflow.lease.leader_change", flowconv.LeaseStateKey.String("leading"), token)
		stop(t, e)
		rec.RequireEvent("goflow.lease.leader_change", flowconv.LeaseStateKey.String("following"), token)
		rec.RequireSum("goflow.lease.terms", 1)
		rec.RequireNoMetric("goflow.lease.term.active")
		start(t, e)
		rec.RequireSum("goflow.lease.terms", 2)
		stop(t, e)
		l.Close()
		l.Close()
		rec.RequireNoMetric("goflow.lease.active")
	})
}
