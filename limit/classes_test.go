package limit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

// byLetter is the class of keys that begin with a, b or c; others have none.
func byLetter(key string) int { return int(key[0]) - 'a' + 1 }

func TestEachClassDecidesAsItsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func() limit.Quota {
			return limit.Quota{
				Rate:  rapid.SampledFrom([]limit.Rate{limit.PerSecond(100), limit.PerMinute(5), limit.PerSecond(1e9), limit.Every(24 * time.Hour)}).Draw(t, "rate"),
				Burst: rapid.SampledFrom([]int{1, 2, 5, 1000}).Draw(t, "burst"),
			}
		}
		base, classes := draw(), []limit.Quota{draw(), draw(), draw()}
		k := must(limit.NewKeyedAt("api", limit.KeyedConfig{Rate: base.Rate, Burst: base.Burst}, limit.WithClasses(byLetter, classes...)))
		defer k.Close()
		models := map[string]*limittest.Model{}
		now := time.Duration(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += time.Duration(rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, int64(30*time.Second)), rapid.Int64Range(0, int64(24*time.Hour))).Draw(t, "dt"))
			if rapid.IntRange(0, 9).Draw(t, "purge") == 0 {
				k.PurgeAt(now)
			}
			key := rapid.SampledFrom([]string{"a", "b", "b2", "c", "d", "z", "A"}).Draw(t, "key")
			q := base
			if c := byLetter(key); c > 0 && c <= 3 {
				q = classes[c-1]
			}
			if models[key] == nil {
				models[key] = limittest.NewModel(q.Rate, q.Burst)
			}
			n := drawPermits(t, q.Burst)
			d, err := k.TakeAt(now, key, n)
			if want := models[key].Take(now, n); err != nil || d != want {
				t.Fatalf("at %v: Take(%q, %d) gave %+v, %v; want %+v", now, key, n, d, err, want)
			}
		}
	})
}

func TestClassesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	cfg := limit.KeyedConfig{Rate: limit.PerSecond(1)}
	for want, opt := range map[string]limit.Option{
		"Rate":                  limit.WithClasses(byLetter, limit.Quota{}),
		"must not be negative":  limit.WithClasses(byLetter, limit.Quota{Rate: limit.PerSecond(1), Burst: -1}),
		"classOf must be set":   limit.WithClasses(nil, limit.Quota{Rate: limit.PerSecond(1)}),
		"must be at most 64":    limit.WithClasses(byLetter, make([]limit.Quota, 65)...),
		"must refill within 9 ": limit.WithClasses(byLetter, limit.Quota{Rate: limit.PerHour(1), Burst: 1 << 30}),
	} {
		if _, err := limit.NewKeyed("api", cfg, opt); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	k := newKeyed(t, limit.PerSecond(1), 1, 10, limit.WithClasses(byLetter, limit.Quota{Rate: limit.PerSecond(5)}))
	if err := k.SetRate(t.Context(), limit.PerSecond(2)); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("SetRate: %v", err)
	}
	if err := k.SetBurst(t.Context(), 2); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("SetBurst: %v", err)
	}
}

func TestKeyWithAClassHasItsBurst(t *testing.T) {
	t.Parallel()
	k := newKeyed(t, limit.PerHour(1), 1, 10, limit.WithClasses(byLetter, limit.Quota{Rate: limit.PerHour(1), Burst: 3}))
	if _, err := k.Take(t.Context(), "z", 2); !errors.Is(err, limit.ErrExceedsBurst) {
		t.Error(err)
	}
	d, r, err := k.TakeRefundable(t.Context(), "a", 3)
	if err != nil || !d.Allowed || d.Limit != 3 {
		t.Errorf("%+v, %v", d, err)
	}
	k.Refund(t.Context(), r, 2)
	if !k.AllowN(t.Context(), "a", 2) || k.Allow(t.Context(), "a") {
		t.Error("two were given back")
	}
	if d, err := k.Charge(t.Context(), "a2", 4); err != nil || d.Allowed || d.RetryAfter < time.Hour {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestKeyWithAClassDoesNotAllocate(t *testing.T) {
	k := newKeyed(t, limit.PerHour(1), 1, 10, limit.WithClasses(byLetter, limit.Quota{Rate: limit.PerHour(1), Burst: 30}))
	if got := testing.AllocsPerRun(100, func() { k.Allow(context.Background(), "a") }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func ExampleWithClasses() {
	plans := map[string]int{"ann": 1} // in your own store
	clients := must(limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1)},
		limit.WithClasses(func(client string) int { return plans[client] }, limit.Quota{Rate: limit.PerHour(100), Burst: 2})))
	defer clients.Close()
	ctx := context.Background()
	fmt.Println("ann:", clients.Allow(ctx, "ann"), clients.Allow(ctx, "ann"), clients.Allow(ctx, "ann"))
	fmt.Println("bob:", clients.Allow(ctx, "bob"), clients.Allow(ctx, "bob"))
	// Output:
	// ann: true true false
	// bob: true false
}
