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
	"github.com/goflow-go/goflow/limit/limittest"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// charged is what charges and takes at given times.
type charged interface {
	ChargeAt(now time.Duration, n int) (limit.Decision, error)
	TakePlainAt(now time.Duration, n int) (limit.Decision, error)
}

// chargeModel takes n tokens from a model, down to minus its burst.
func chargeModel(m *limittest.Model, now time.Duration, n, burst int) (ok bool) {
	tokens := m.Tokens(now)
	ok = tokens.Cmp(big.NewRat(int64(n), 1)) >= 0
	m.Reserve(now, n)
	if under := new(big.Rat).Add(m.Tokens(now), big.NewRat(int64(burst), 1)); under.Sign() < 0 {
		m.Return(now, int(new(big.Int).Quo(new(big.Int).Neg(under.Num()), under.Denom()).Int64()))
	}
	return ok
}

func TestChargeDecidesAsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate, burst := limit.PerSecond(1000), rapid.IntRange(1, 12).Draw(t, "burst")
		b := must(limit.NewAt("api", limit.TokenBucketConfig{Rate: rate, Burst: burst}))
		defer b.Close()
		k := must(limit.NewKeyedAt("api", limit.KeyedConfig{Rate: rate, Burst: burst}))
		defer k.Close()
		for _, l := range []charged{b, limit.FirstKey{Keyed: k}} {
			m, now := limittest.NewModel(rate, burst), time.Duration(0)
			for range rapid.IntRange(1, 40).Draw(t, "steps") {
				// whole intervals, so that the model's debt is of whole tokens
				now += time.Duration(rapid.IntRange(0, 3).Draw(t, "dt")) * time.Millisecond
				if rapid.Bool().Draw(t, "charge") {
					n := rapid.IntRange(1, 3*burst).Draw(t, "n")
					d, err := l.ChargeAt(now, n)
					if want := chargeModel(m, now, n, burst); err != nil || d.Allowed != want {
						t.Fatalf("%T at %v: Charge(%d) gave %+v, %v; want %v", l, now, n, d, err, want)
					}
					continue
				}
				n := rapid.IntRange(1, burst).Draw(t, "n")
				d, err := l.TakePlainAt(now, n)
				if want := m.Take(now, n); err != nil || d.Allowed != want.Allowed || d.RetryAfter != want.RetryAfter {
					t.Fatalf("%T at %v: Take(%d) gave %+v, %v; want %+v", l, now, n, d, err, want)
				}
			}
		}
	})
}

func TestChargeLeavesADebtOfABurstAtMost(t *testing.T) {
	t.Parallel()
	b := must(limit.NewAt("api", limit.TokenBucketConfig{Rate: limit.PerSecond(1000), Burst: 10}))
	defer b.Close()
	k := must(limit.NewKeyedAt("api", limit.KeyedConfig{Rate: limit.PerSecond(1000), Burst: 10}))
	defer k.Close()
	for _, l := range []charged{b, limit.FirstKey{Keyed: k}} {
		for _, n := range []int{12, 1000, math.MaxInt} {
			if d, err := l.ChargeAt(0, n); err != nil || d.Allowed || d.RetryAfter > 11*time.Millisecond {
				t.Errorf("%T: Charge(%d) gave %+v, %v", l, n, d, err)
			}
		}
		d, err := l.TakePlainAt(11*time.Millisecond-1, 1)
		if err != nil || d.Allowed || d.RetryAfter != 1 {
			t.Errorf("%T: %+v, %v", l, d, err)
		}
		if d, err := l.TakePlainAt(11*time.Millisecond, 1); err != nil || !d.Allowed {
			t.Errorf("%T: %+v, %v", l, d, err)
		}
		if _, err := l.ChargeAt(0, 0); !errors.Is(err, core.ErrInvalid) {
			t.Error(err)
		}
	}
}

func TestChargesOfManyGoroutinesAreAllTaken(t *testing.T) {
	t.Parallel()
	b, k := newBucket(t, limit.PerMinute(1), 1<<20), newKeyed(t, limit.PerMinute(1), 1<<20, 1)
	var n atomic.Int64
	hammer(32, 50*time.Millisecond, func(int) {
		if n.Add(1) > 10_000 {
			return
		}
		_, err := b.Charge(t.Context(), 2)
		_, keyedErr := k.Charge(t.Context(), "a", 2)
		if err := errors.Join(err, keyedErr); err != nil {
			t.Error(err)
		}
	})
	want := 2 * min(n.Load(), 10_000)
	d, err := k.Take(t.Context(), "a", 1)
	if s := b.Stats(); int64(s.InUse) != want || s.Charged != want || err != nil || int64(d.Remaining) != 1<<20-want-1 {
		t.Errorf("%d were charged: %+v; %+v, %v", want, s, d, err)
	}
}

func TestChargesAndRefundsAreTold(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	opt := limit.WithTelemetry(rec.Options()...)
	b, k := newBucket(t, limit.PerHour(1), 2, opt), newKeyed(t, limit.PerHour(1), 2, 1, opt)
	ctx, parent := rec.StartSpan(t.Context(), "request")
	for range 3 {
		_, err := b.Charge(ctx, 1)
		_, keyedErr := k.Charge(ctx, "a", 1)
		_, overflowErr := k.Charge(ctx, "b", 1)
		if err := errors.Join(err, keyedErr, overflowErr); err != nil {
			t.Error(err)
		}
	}
	_, r, _ := k.TakeRefundable(ctx, "b", 1)
	k.Refund(ctx, r, 1)
	other := newBucket(t, limit.PerHour(1), 2, opt)
	_, r, _ = other.TakeRefundable(ctx, 1)
	other.Refund(ctx, r, 5)
	parent.End()
	rec.RequireDeclared()
	rec.RequireSpan("charge api", allowed, one)
	rec.RequireSpan("charge api", delayed, one)
	rec.RequireSpan("refund api", cancelled, one)
	rec.RequireSum("goflow.limiter.charges", 9)
	rec.RequireSum("goflow.limiter.refunds", 1)
}

func TestChargeAndRefundDoNotAllocate(t *testing.T) {
	ctx := context.Background()
	b, k := newBucket(t, limit.PerSecond(1e6), 1000), newKeyed(t, limit.PerSecond(1e6), 1000, 1)
	for op, f := range map[string]func(){
		"Charge":       func() { _, _ = b.Charge(ctx, 1) },
		"Keyed.Charge": func() { _, _ = k.Charge(ctx, "a", 1) },
		"Refund":       func() { _, r, _ := b.TakeRefundable(ctx, 1); b.Refund(ctx, r, 1) },
		"Keyed.Refund": func() { _, r, _ := k.TakeRefundable(ctx, "a", 1); k.Refund(ctx, r, 1) },
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: %v allocations", op, got)
		}
	}
}

func ExampleTokenBucket_Charge() {
	b := must(limit.NewTokenBucket("queries", limit.TokenBucketConfig{Rate: limit.PerMinute(1), Burst: 3}))
	defer b.Close()
	ctx := context.Background()
	fmt.Println(b.Allow(ctx))
	d := must(b.Charge(ctx, 4)) // it took longer than thought
	fmt.Println(d.Allowed, d.RetryAfter.Round(time.Minute), b.Allow(ctx))
	// Output:
	// true
	// false 3m0s false
}
