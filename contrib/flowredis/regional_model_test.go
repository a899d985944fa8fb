package flowredis_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
)

func TestLedgerDoesWhatItsTwinDoes(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	client := calmClient(t, server.Addr())
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		c, err := flowredis.New("shared", client, flowredis.Config{Prefix: redistest.Prefix(nil), Budget: patient})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ledgers := flowredis.NewLedgers(c, rapid.Float64Range(0.001, 1e6).Draw(t, "rate"), rapid.IntRange(1, 1000).Draw(t, "burst"))
		region := rapid.SampledFrom([]string{"r1", "r2", "r3"})
		rate := rapid.Int64Range(0, 1e12)
		who := rapid.SampledFrom([]flowredis.By{flowredis.ByRight, flowredis.ByRight, flowredis.ByRight, flowredis.ByWitness, flowredis.ByLate})
		done := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		done(ledgers.Move(ctx, 0))
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) { done(ledgers.Move(ctx, rapid.Int64Range(0, 200_000).Draw(t, "us"))) },
			"clock jumps": func(t *rapid.T) { done(ledgers.Move(ctx, rapid.Int64Range(-1e7, 1e7).Draw(t, "us"))) },
			"take":        func(t *rapid.T) { done(ledgers.Take(ctx, rapid.Int64Range(1, 50).Draw(t, "n"), who.Draw(t, "by"))) },
			"tick": func(t *rapid.T) {
				back := rapid.SliceOfN(region, 0, 2).Draw(t, "back")
				done(ledgers.Tick(ctx, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "process"), rate.Draw(t, "asked"),
					rapid.Bool().Draw(t, "knows"), who.Draw(t, "by"), back))
			},
			"lend": func(t *rapid.T) {
				done(ledgers.Lend(ctx, region.Draw(t, "region"), rapid.IntRange(0, 3).Draw(t, "acks") > 0, rate.Draw(t, "want")))
			},
			"borrow": func(t *rapid.T) {
				left := rapid.Int64Range(-1000, 1e6)
				done(ledgers.Borrow(ctx, region.Draw(t, "region"), rapid.Bool().Draw(t, "known"), rate.Draw(t, "rate"),
					left.Draw(t, "ends"), left.Draw(t, "left"), who.Draw(t, "by")))
			},
			"lose": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "really") == 0 {
					done(ledgers.Lose(ctx))
				}
			},
		})
	})
}

func TestBucketWhoseRateChangesAdmitsNoMoreThanBurstAndWhatCame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const share = 1000
		burst := rapid.IntRange(1, 50).Draw(t, "burst")
		b := flowredis.NewBucket(share, burst)
		region := rapid.SampledFrom([]string{"r1", "r2"})
		rate := rapid.Int64Range(0, 2*share*1e6)
		admitted, low := 0.0, 0.0
		t.Repeat(map[string]func(*rapid.T){
			"lend":  func(t *rapid.T) { b.Lend(region.Draw(t, "region"), rate.Draw(t, "want")) },
			"repay": func(t *rapid.T) { b.Repay(region.Draw(t, "region")) },
			"borrow": func(t *rapid.T) {
				b.Borrow(region.Draw(t, "region"), rate.Draw(t, "rate"), rapid.Int64Range(50, 50_000).Draw(t, "us")/50*50)
			},
			"": func(t *rapid.T) {
				b.Pass(rapid.Int64Range(0, 20_000).Draw(t, "us") / 50 * 50)
				for range rapid.IntRange(0, 60).Draw(t, "callers") {
					low = min(low, admitted-b.Came())
					if b.Take() {
						admitted++
					}
				}
				// Permits are counted in whole millionths, rounded down; the count here is in steps of 50 us.
				if over := admitted - b.Came() - low - float64(burst); over > 0.5 {
					t.Fatalf("%.3f permits above a burst of %d and what came", over, burst)
				}
			},
		})
	})
}

func TestSharesAddUpToTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(1, 1_000_000), 1, 64).Draw(t, "weights")
		rate := limit.PerSecond(rapid.Float64Range(0.001, 1e8).Draw(t, "rate"))
		burst := rapid.IntRange(1, 1_000_000).Draw(t, "burst")
		shares, bursts := flowredis.Shares(rate, burst, weights...)
		sum, all, of := int64(0), 0, 0
		for i := range weights {
			sum, all, of = sum+shares[i], all+bursts[i], of+weights[i]
		}
		if want := flowredis.MicroRate(rate); sum != want || all != burst {
			t.Errorf("shares are %d, bursts %d in sum, want %d and %d", sum, all, want, burst)
		}
		for i, w := range weights {
			exact := float64(burst) * float64(w) / float64(of)
			if math.Abs(float64(bursts[i])-exact) > 1 {
				t.Errorf("the burst of weight %d of %d is %d, want about %.1f", w, of, bursts[i], exact)
			}
		}
	})
}

func TestMicroRateIsRoundedDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate limit.Rate
		want int64
	}{
		{limit.PerSecond(1), 1e6}, {limit.PerMinute(1), 16_666}, {limit.PerHour(1), 277}, {limit.PerSecond(0.1), 1e5},
		{limit.PerSecond(1e6), 1e12}, {limit.Per(3, 7_000_000_000), 428_571},
	} {
		if got := flowredis.MicroRate(c.rate); got != c.want {
			t.Errorf("%v: got %d, want %d", c.rate, got, c.want)
		}
	}
}
