package limit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestPriorityDecidesAsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawTraced(t, wholeRates)
		leave := rapid.SampledFrom([]float64{0, 0.1, 0.25, 0.5, 0.75}).Draw(t, "leave")
		left := int(math.Ceil(leave * float64(s.burst)))
		p, err := s.bucket.Priority(leave)
		if left == s.burst {
			if !errors.Is(err, core.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			s.advance(t)
			if rapid.Bool().Draw(t, "first class") {
				n := drawPermits(t, s.burst)
				d, err := s.bucket.TakeAt(s.now, n)
				if want := s.model.Take(s.now, n); err != nil || d != want {
					t.Fatalf("at %v: Take(%d) gave %+v, %v; want %+v", s.now, n, d, err, want)
				}
				continue
			}
			n := drawPermits(t, s.burst-left)
			want := s.model.Tokens(s.now).Cmp(big.NewRat(int64(n+left), 1)) >= 0
			if want {
				s.model.Take(s.now, n)
			}
			d, err := p.TakeAt(s.now, n)
			floor := new(big.Int).Quo(s.model.Tokens(s.now).Num(), s.model.Tokens(s.now).Denom())
			if err != nil || d.Allowed != want || d.Remaining != max(int(floor.Int64())-left, 0) || d.Limit != s.burst-left {
				t.Fatalf("at %v: Take(%d) leaving %d gave %+v, %v; want %v of %v", s.now, n, left, d, err, want, s.model.Tokens(s.now))
			}
			if !want {
				if d, _ := p.TakeAt(s.now+d.RetryAfter-1, n); d.Allowed {
					t.Fatalf("at %v: Take(%d) is allowed before RetryAfter", s.now, n)
				}
				s.now += d.RetryAfter
				s.model.Take(s.now, n)
				if d, _ := p.TakeAt(s.now, n); !d.Allowed {
					t.Fatalf("at %v: Take(%d) is denied at RetryAfter: %+v", s.now, n, d)
				}
			}
		}
	})
}

func TestPriorityLeavesItsShareToOthersUnderLoad(t *testing.T) {
	t.Parallel()
	b := newBucket(t, limit.PerHour(1), 1000)
	low := must(b.Priority(0.3))
	var got atomic.Int64
	hammerUntil(func() bool { return got.Load() >= 700 }, 64, 100*time.Millisecond, func(int) {
		if low.Allow(t.Context()) {
			got.Add(1)
		}
	})
	if got.Load() != 700 || !b.AllowN(t.Context(), 300) || b.Allow(t.Context()) {
		t.Errorf("%d of 1000 permits, want 700; %+v", got.Load(), b.Stats())
	}
}

func TestPriorityRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	b := newBucket(t, limit.PerHour(1), 10, limit.WithTelemetry(rec.Options()...))
	for _, leave := range []float64{-0.1, 1, 0.95, math.NaN(), math.Inf(1)} {
		if _, err := b.Priority(leave); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("Priority(%v): %v", leave, err)
		}
	}
	low := must(b.Priority(0.5))
	ctx, parent := rec.StartSpan(t.Context(), "request")
	for _, n := range []int{-1, 0, 6} {
		if _, err := low.Take(ctx, n); !errors.Is(err, core.ErrInvalid) || errors.Is(err, limit.ErrExceedsBurst) != (n == 6) {
			t.Errorf("Take(%d): %v", n, err)
		}
	}
	low.Allow(ctx)
	parent.End()
	rec.RequireDeclared()
	rec.RequireSpan("allow api", allowed, one)
	rec.RequireSum("goflow.limiter.decisions", 3, denied)
	if low.Name() != "api" {
		t.Error(low.Name())
	}
}

func TestPriorityDoesNotAllocate(t *testing.T) {
	low := must(newBucket(t, limit.PerSecond(1e6), 100).Priority(0.5))
	if got := testing.AllocsPerRun(1000, func() { low.Allow(context.Background()) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func ExampleTokenBucket_Priority() {
	b := must(limit.NewTokenBucket("search", limit.TokenBucketConfig{Rate: limit.PerHour(1), Burst: 4}))
	defer b.Close()
	batch := must(b.Priority(0.5))
	ctx := context.Background()
	fmt.Println("batch:", batch.Allow(ctx), batch.Allow(ctx), batch.Allow(ctx))
	fmt.Println("users:", b.Allow(ctx), b.Allow(ctx), b.Allow(ctx))
	// Output:
	// batch: true true false
	// users: true true false
}
