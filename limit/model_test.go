package limit_test

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

const year = 365 * 24 * time.Hour

// wholeRates have intervals of a whole number of ticks, so decisions equal the model's.
var wholeRates = []limit.Rate{
	limit.PerSecond(100), limit.PerMinute(5), limit.PerHour(1), limit.PerSecond(1e9), limit.PerSecond(1 << 20), limit.Every(7 * time.Nanosecond), limit.Every(24 * time.Hour),
}

var otherRates = []limit.Rate{
	limit.PerSecond(3), limit.PerSecond(0.7), limit.PerHour(1.0 / 3), limit.PerSecond(999_999_999), limit.Per(7, 3*time.Millisecond), limit.PerSecond(1e6 / 7),
}

// traced is a bucket, its model, and the time.
type traced struct {
	bucket *limit.TokenBucket
	model  *limittest.Model
	rate   limit.Rate
	burst  int
	now    time.Duration
}

func drawTraced(t *rapid.T, rates []limit.Rate) *traced {
	s := &traced{
		rate:  rapid.SampledFrom(rates).Draw(t, "rate"),
		burst: rapid.SampledFrom([]int{1, 2, 3, 5, 20, 1000}).Draw(t, "burst"),
	}
	b, err := limit.NewAt("api", limit.TokenBucketConfig{Rate: s.rate, Burst: s.burst})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	s.bucket, s.model = b, limittest.NewModel(s.rate, s.burst)
	return s
}

func drawPermits(t *rapid.T, burst int) int {
	return rapid.OneOf(rapid.Just(1), rapid.IntRange(1, burst), rapid.Just(burst)).Draw(t, "n")
}

// advance lets some time pass: none, nanoseconds, a few intervals, hours (beyond the horizon of the
// finest ticks), or a century.
func (s *traced) advance(t *rapid.T) {
	interval := int64(max(s.rate.Interval(), 1))
	dt := rapid.OneOf(
		rapid.Just(int64(0)), rapid.Int64Range(0, 20), rapid.Int64Range(0, 2*interval),
		rapid.SampledFrom([]int64{interval - 1, interval, interval + 1}), rapid.Int64Range(0, int64(12*time.Hour)),
	).Draw(t, "dt")
	if rapid.IntRange(0, 60).Draw(t, "long") == 0 {
		dt = int64(100 * year)
	}
	if s.now < 150*year || dt < int64(year) {
		s.now += time.Duration(dt)
	}
}

func TestTokenBucketDecidesAsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawTraced(t, wholeRates)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			s.advance(t)
			if rapid.IntRange(0, 5).Draw(t, "rebase") == 0 {
				s.bucket.RebaseAt(s.now)
			}
			n := drawPermits(t, s.burst)
			switch rapid.IntRange(0, 4).Draw(t, "operation") {
			case 0:
				_, delay, err := s.bucket.ReserveAt(s.now, n)
				if want := s.model.Reserve(s.now, n); err != nil || delay != want {
					t.Fatalf("at %v: Reserve(%d) gave %v, %v; want %v", s.now, n, delay, err, want)
				}
			case 1:
				r, _, err := s.bucket.ReserveAt(s.now, n)
				if err != nil || !r.CancelAt(s.now) || r.CancelAt(s.now) {
					t.Fatalf("at %v: Reserve(%d) and Cancel, and again: %v", s.now, n, err)
				}
			default:
				d, err := s.bucket.TakeAt(s.now, n)
				if want := s.model.Take(s.now, n); err != nil || d != want {
					t.Fatalf("at %v: Take(%d) gave %+v, %v; want %+v", s.now, n, d, err, want)
				}
				if !d.Allowed {
					s.retry(t, n, d.RetryAfter)
				}
			}
		}
	})
}

// retry checks that RetryAfter is exact, by looking at what is to come: a twin in the model's state
// cannot be had, so it asks 1 ns before, which takes nothing, and goes there.
func (s *traced) retry(t *rapid.T, n int, after time.Duration) {
	if !rapid.Bool().Draw(t, "retry") {
		return
	}
	for _, at := range []time.Duration{s.now + after - 1, s.now + after} {
		d, err := s.bucket.TakeAt(at, n)
		if s.model.Take(at, n); err != nil || d.Allowed != (at == s.now+after) {
			t.Fatalf("denied at %v with RetryAfter %v: at %v Take(%d) gave %+v, %v", s.now, after, at, n, d, err)
		}
	}
	s.now += after
}

func TestTokenBucketIsNeverMorePermissiveThanTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawTraced(t, slices.Concat(otherRates, wholeRates))
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			s.advance(t)
			switch rapid.IntRange(0, 8).Draw(t, "change") {
			case 0:
				s.bucket.RebaseAt(s.now)
			case 1:
				s.rate = rapid.SampledFrom(slices.Concat(otherRates, wholeRates)).Draw(t, "new rate")
				s.burst = rapid.IntRange(1, 50).Draw(t, "new burst")
				if err := s.bucket.SetAt(s.now, s.rate, s.burst); err != nil {
					t.Fatal(err)
				}
				s.model.Set(s.now, s.rate, s.burst)
			}
			n := drawPermits(t, s.burst)
			d, err := s.bucket.TakeAt(s.now, n)
			tokens := s.model.Tokens(s.now)
			missing := tokens.Sub(big.NewRat(int64(n), 1), tokens)
			if err != nil || d.Allowed && missing.Sign() > 0 {
				t.Fatalf("at %v: Take(%d) gave %+v, %v; %v permits are missing", s.now, n, d, err, missing.FloatString(12))
			}
			// Rounding to ticks costs less than a part in 65,000 of what is in use.
			if slack := big.NewRat(int64(s.burst), 10_000); !d.Allowed && missing.Add(missing, slack).Sign() < 0 {
				t.Fatalf("at %v: Take(%d) was denied: %+v, but %v permits too many are there", s.now, n, d, missing.FloatString(12))
			}
			if d.Allowed {
				s.model.Take(s.now, n)
			}
		}
	})
}

// use is permits that may be used from a time on.
type use struct {
	at time.Duration
	n  int
}

// requireBound fails when any window of time holds more than burst permits and rate*window.
func requireBound(t *rapid.T, uses []use, interval time.Duration, burst int) {
	slices.SortFunc(uses, func(a, b use) int { return int(min(max(a.at-b.at, -1), 1)) })
	for i := range uses {
		sum := 0
		for j := i; j < len(uses); j++ {
			sum += uses[j].n
			window := uses[j].at - uses[i].at
			if over := time.Duration(sum-burst) * interval; over > window {
				t.Fatalf("%d permits from %v to %v, with burst %d and one every %v: %v", sum, uses[i].at, uses[j].at, burst, interval, uses)
			}
		}
	}
}

func TestTokenBucketNoWindowOverAdmits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		interval := rapid.SampledFrom([]time.Duration{10, 1000, time.Millisecond}).Draw(t, "interval")
		burst := rapid.IntRange(1, 8).Draw(t, "burst")
		b, err := limit.NewAt("api", limit.TokenBucketConfig{Rate: limit.Every(interval), Burst: burst})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		type held struct {
			r *limit.Reservation
			use
			cancelled bool
		}
		var uses []use
		var reserved []*held
		var now, base time.Duration // a reading of before the base is taken for the base
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "later") {
				now += time.Duration(rapid.Int64Range(0, 3*int64(interval)).Draw(t, "dt"))
			}
			at := now
			if rapid.IntRange(0, 9).Draw(t, "clock goes back") == 0 {
				at = max(now-time.Duration(rapid.Int64Range(0, 20*int64(interval)).Draw(t, "back")), -100)
			}
			n := rapid.IntRange(1, burst).Draw(t, "n")
			switch rapid.IntRange(0, 5).Draw(t, "operation") {
			case 0, 1:
				if d, err := b.TakeAt(at, n); err == nil && d.Allowed {
					uses = append(uses, use{max(at, base), n})
				}
			case 2:
				r, delay, err := b.ReserveAt(now, n)
				if err != nil {
					t.Fatal(err)
				}
				reserved = append(reserved, &held{r: r, use: use{now + delay, n}})
			case 3, 4:
				if len(reserved) > 0 {
					h := rapid.SampledFrom(reserved).Draw(t, "reservation")
					if h.r.CancelAt(now) == h.cancelled {
						t.Fatal("Cancel must report whether it was the first")
					}
					h.cancelled = true
				}
			case 5:
				b.RebaseAt(now)
				base = now
			}
		}
		for _, h := range reserved {
			if !h.cancelled {
				uses = append(uses, h.use)
			}
		}
		requireBound(t, uses, interval, burst)
	})
}

func TestReservationCancelledInTimeHasNeverBeen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawTraced(t, wholeRates)
		for range rapid.IntRange(0, 10).Draw(t, "steps before") {
			s.advance(t)
			n := drawPermits(t, s.burst)
			if _, _, err := s.bucket.ReserveAt(s.now, n); err != nil {
				t.Fatal(err)
			}
			s.model.Reserve(s.now, n)
		}
		anyOrder := rapid.Bool().Draw(t, "any order") // of those that are still to come; others, last first
		if anyOrder {
			if _, _, err := s.bucket.ReserveAt(s.now, s.burst); err != nil {
				t.Fatal(err)
			}
			s.model.Reserve(s.now, s.burst)
		}
		var list []*limit.Reservation
		for range rapid.IntRange(1, 10).Draw(t, "reservations") {
			r, _, err := s.bucket.ReserveAt(s.now, drawPermits(t, s.burst))
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, r)
		}
		slices.Reverse(list)
		if anyOrder {
			list = rapid.Permutation(list).Draw(t, "order")
		}
		for _, r := range list {
			r.CancelAt(s.now)
		}
		for range rapid.IntRange(1, 20).Draw(t, "steps after") {
			n := drawPermits(t, s.burst)
			d, err := s.bucket.TakeAt(s.now, n)
			if want := s.model.Take(s.now, n); err != nil || d != want {
				t.Fatalf("at %v: Take(%d) gave %+v, %v; want %+v", s.now, n, d, err, want)
			}
			s.advance(t)
		}
	})
}
