package flowredis_test

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/limit"
)

func TestTicksOfWholeRatesAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(1, 1_000_000).Draw(t, "count")
		per := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(t, "per")
		burst := rapid.IntRange(1, 100_000).Draw(t, "burst")
		permit, micro := flowredis.Ticks(limit.Per(float64(count), per), burst)
		if want := big.NewRat(per.Microseconds(), count); big.NewRat(permit, micro).Cmp(want) != 0 {
			t.Errorf("%d in %v, burst %d: got %d/%d µs a permit, want %v", count, per, burst, permit, micro, want)
		}
	})
}

func TestTicksNeverExceedTheRateNorWhatLuaCanCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		perSecond := rapid.Float64Range(1e-7, 1e9).Draw(t, "rate")
		most := min(int(perSecond*9*365*24*3600), 1<<31-1)
		burst := rapid.IntRange(1, max(most, 1)).Draw(t, "burst")
		permit, micro := flowredis.Ticks(limit.PerSecond(perSecond), burst)
		got := new(big.Rat).SetFrac64(permit, micro)
		want := new(big.Rat).Quo(big.NewRat(1_000_000, 1), new(big.Rat).SetFloat64(perSecond))
		ratio, _ := new(big.Rat).Quo(got, want).Float64()
		if ratio < 1-1e-15 || ratio > 1+1.0/(1<<18) {
			t.Errorf("%v/s, burst %d: got %v of the interval, want it or hardly more", perSecond, burst, ratio)
		}
		if total := new(big.Int).Mul(big.NewInt(permit), big.NewInt(int64(burst))); total.Cmp(big.NewInt(1<<52)) > 0 {
			t.Errorf("%v/s, burst %d: the burst is %v ticks, above 2^52", perSecond, burst, total)
		}
	})
}

func TestDecisionsAreReadFromReplies(t *testing.T) {
	t.Parallel()
	rate := limit.PerSecond(3) // 1,000,000 ticks a permit, 3 a microsecond
	for _, c := range []struct {
		name  string
		n     int
		reply []int64
		want  limit.Decision
	}{
		{"one of five", 1, []int64{1, 1_000_000}, limit.Decision{
			Allowed: true, Limit: 5, Remaining: 4, Window: 1666667 * time.Microsecond,
			NextAfter: 333334 * time.Microsecond, ResetAfter: 333334 * time.Microsecond,
		}},
		{"denied by a tick", 1, []int64{0, 4_000_001}, limit.Decision{
			Limit: 5, Window: 1666667 * time.Microsecond,
			RetryAfter: time.Microsecond, NextAfter: time.Microsecond, ResetAfter: 1333334 * time.Microsecond,
		}},
		{"denied two with one left", 2, []int64{0, 4_000_000}, limit.Decision{
			Limit: 5, Remaining: 1, Window: 1666667 * time.Microsecond,
			RetryAfter: 333334 * time.Microsecond, NextAfter: 333334 * time.Microsecond, ResetAfter: 1333334 * time.Microsecond,
		}},
	} {
		if got, ok := flowredis.Describe(rate, 5, c.n, c.reply...); !ok || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, ok, c.want)
		}
	}
	for _, reply := range [][]int64{nil, {1}, {2, 0}, {-1, 0}, {1, -1}, {0, 5_000_001}, {1, 0, 0}} {
		if _, ok := flowredis.Describe(rate, 5, 1, reply...); ok {
			t.Errorf("the reply %v was taken for a decision", reply)
		}
	}
}
