package limit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func newSharded(t testing.TB, cfg limit.ShardedConfig, opts ...limit.Option) *limit.ShardedBucket {
	t.Helper()
	b, err := limit.NewSharded("api", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// permitted is permits given at a time.
type permitted struct {
	at time.Duration
	n  int
}

// requireEveryWindow checks that no stretch of time saw more than its rate and burst. The interval is
// the rate's, in nanoseconds.
func requireEveryWindow(t interface{ Fatalf(string, ...any) }, log []permitted, interval, burst int64) {
	for i := range log {
		var sum int64
		for _, p := range log[i:] {
			sum += int64(p.n)
			if within := p.at - log[i].at; (sum-burst)*interval > int64(within) {
				t.Fatalf("%d permits in the %v from %v, with a burst of %d", sum, within, log[i].at, burst)
			}
		}
	}
}

func TestShardedBucketHoldsInEveryWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		interval := rapid.SampledFrom([]int64{1, 100, 1000, 10_000}).Draw(t, "interval")
		burst := rapid.IntRange(128, 600).Draw(t, "burst")
		b, err := limit.NewShardedAt("api", limit.ShardedConfig{Rate: limit.Every(time.Duration(interval)), Burst: burst})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		var log []permitted
		now, shards := time.Duration(0), rapid.IntRange(1, limit.Shards).Draw(t, "shards in use")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now += time.Duration(rapid.Int64Range(0, 40*interval).Draw(t, "dt"))
			n := rapid.OneOf(rapid.Just(1), rapid.IntRange(1, 20)).Draw(t, "n")
			for range rapid.IntRange(1, 60).Draw(t, "asked") {
				shard := rapid.IntRange(0, shards-1).Draw(t, "shard")
				if ok, err := b.AllowAt(now, shard, n); err != nil {
					t.Fatal(err)
				} else if ok {
					log = append(log, permitted{now, n})
				}
			}
		}
		requireEveryWindow(t, log, interval, int64(burst))
		if held, most := b.Held(); most > int64(b.Chunk()) || held > int64(burst/2) {
			t.Fatalf("shards hold %d permits, one of them %d", held, most)
		}
		given := 0
		for _, p := range log {
			given += p.n
		}
		if s := b.Stats(); s.Allowed != int64(len(log)) || s.Permits != int64(given) {
			t.Fatalf("%d permits were given in %d decisions, counted %+v", given, len(log), s)
		}
	})
}

func TestShardedBucketGivesItsWholeBurstToAllShardsAndHalfToOne(t *testing.T) {
	t.Parallel()
	for _, shards := range []int{1, limit.Shards} {
		b, err := limit.NewShardedAt("api", limit.ShardedConfig{Rate: limit.PerSecond(1e6), Burst: 1000})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		got := 0
		for i := range 2000 {
			if ok, err := b.AllowAt(0, i%shards, 1); err != nil {
				t.Fatal(err)
			} else if ok {
				got++
			}
		}
		if want := 1000 - (limit.Shards-shards)*b.Chunk(); got != want || want < 500 {
			t.Errorf("%d shards got %d of 1000, want %d", shards, got, want)
		}
	}
}

func TestShardedBucketGivesItsWholeRateUnderLoad(t *testing.T) {
	t.Parallel()
	b, err := limit.NewShardedAt("api", limit.ShardedConfig{Rate: limit.PerSecond(1e6), Burst: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	got := 0
	for us := range 10_000 {
		for range 3 {
			if ok, _ := b.AllowAt(time.Duration(us)*time.Microsecond, rand.IntN(limit.Shards), 1); ok {
				got++
			}
		}
	}
	if got < 10_000 || got > 11_000 {
		t.Errorf("%d permits in 10 ms", got)
	}
}

func TestShardedBucketHoldsAgainstManyGoroutines(t *testing.T) {
	t.Parallel()
	b := newSharded(t, limit.ShardedConfig{Rate: limit.PerSecond(200_000), Burst: 1000})
	var got atomic.Int64
	took := hammerUntil(func() bool { return got.Load() >= 10_000 }, 1024, 500*time.Millisecond, func(i int) {
		if n := 1 + i%2; b.AllowN(t.Context(), n) {
			got.Add(int64(n))
		}
		if b.Allow(t.Context()) {
			got.Add(1)
		}
	})
	requireAtMost(t, got.Load(), 200_000, 1000, took)
	if s := b.Stats(); s.Permits != got.Load() || got.Load() < 10_000 {
		t.Errorf("%d permits were given, counted %+v", got.Load(), s)
	}
	if _, most := b.Held(); most > int64(b.Chunk()) {
		t.Errorf("a shard holds %d permits, want at most %d", most, b.Chunk())
	}
}

func TestShardedBucketRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		cfg        limit.ShardedConfig
	}{
		{"no rate", "Rate", limit.ShardedConfig{Burst: 1000}},
		{"a rate a token bucket is as good for", "at least 100000/s", limit.ShardedConfig{Rate: limit.PerSecond(99_999)}},
		{"a burst too small to share", "at least", limit.ShardedConfig{Rate: limit.PerSecond(1e6), Burst: 127}},
		{"a negative burst", "must not be negative", limit.ShardedConfig{Rate: limit.PerSecond(1e6), Burst: -1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := limit.NewSharded("api", c.cfg)
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
	b := newSharded(t, limit.ShardedConfig{Rate: limit.PerSecond(1e6), Burst: 1000})
	for _, n := range []int{-1, 0, 1001} {
		if _, err := b.Take(t.Context(), n); !errors.Is(err, core.ErrInvalid) || b.AllowN(t.Context(), n) {
			t.Errorf("Take(%d): %v", n, err)
		}
	}
	if s := b.Stats(); s.Denied != 6 || s.Allowed != 0 {
		t.Errorf("%+v", s)
	}
}

func TestShardedBucketTellsEveryDecision(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	b := newSharded(t, limit.ShardedConfig{Rate: limit.PerSecond(100_000), Burst: 1000}, limit.WithTelemetry(rec.Options()...))
	ctx, parent := rec.StartSpan(t.Context(), "request")
	d, err := b.Take(ctx, 1)
	if !d.Allowed || err != nil || !b.Allow(ctx) || !b.AllowN(ctx, 3) || b.AllowN(ctx, 0) {
		t.Errorf("%+v, %v", d, err)
	}
	parent.End()
	rec.RequireDeclared()
	rec.RequireSpan("take api", allowed, one)
	rec.RequireSpan("allow api", allowed, one)
	rec.RequireSpan("allow api", denied, flowconv.LimiterPermitsKey.Int(0))
	rec.RequireSum("goflow.limiter.decisions", 3, allowed)
	rec.RequireSum("goflow.limiter.decisions", 1, denied)
	rec.RequireSum("goflow.limiter.permits", 5)
	rec.RequireSum("goflow.limiter.permit.limit", 1000)
	if b.Name() != "api" || b.String() != `sharded bucket "api": 100000/s, burst 1000` {
		t.Errorf("%v", b)
	}
}

func TestShardedDecisionsDoNotAllocate(t *testing.T) {
	rec := telemetrytest.New(t)
	ctx := context.Background()
	full := newSharded(t, limit.ShardedConfig{Rate: limit.PerSecond(1e9), Burst: 1 << 20}, limit.WithTelemetry(rec.Options()...))
	busy := newSharded(t, limit.ShardedConfig{Rate: limit.PerSecond(100_000), Burst: 128}, limit.WithTelemetry(rec.Options()...))
	for op, f := range map[string]func(){
		"Allow":                func() { full.Allow(ctx) },
		"AllowN":               func() { full.AllowN(ctx, 3) },
		"Take":                 func() { _, _ = full.Take(ctx, 1) },
		"Allow, mostly denied": func() { busy.Allow(ctx) },
		"Take, mostly denied":  func() { _, _ = busy.Take(ctx, 1) },
	} {
		if got := testing.AllocsPerRun(1000, f); got != 0 {
			t.Errorf("%s makes %v allocations", op, got)
		}
	}
}

func ExampleNewSharded() {
	packets := must(limit.NewSharded("packets", limit.ShardedConfig{Rate: limit.PerSecond(1e6)}))
	defer packets.Close()
	fmt.Println(packets, packets.Allow(context.Background()))
	// Output: sharded bucket "packets": 1000000/s, burst 10000 true
}
