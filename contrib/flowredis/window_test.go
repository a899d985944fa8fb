package flowredis_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

// made gives what a constructor made, and closes it when the test ends.
func made[L interface{ Close() }](tb testing.TB, l L, err error) L {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.Close)
	return l
}

// daily is a window that hardly ends while a test runs.
func daily(n int) flowredis.WindowConfig {
	return flowredis.WindowConfig{Limit: n, Window: 24 * time.Hour}
}

func windowOf(rate limit.Rate, burst int) flowredis.WindowConfig {
	return flowredis.WindowConfig{Limit: burst, Window: time.Duration(burst) * rate.Interval()}
}

// sort is a sort of limiter under test: made for all, and for each key.
type sort struct {
	name  string
	plain func(t *testing.T, c *flowredis.Coordinator, rate limit.Rate, burst int) limit.Limiter
	keyed func(t *testing.T, c *flowredis.Coordinator, rate limit.Rate, burst int) limit.KeyedLimiter
	opts  []limittest.Option
}

var sorts = []sort{
	{
		"leaky bucket",
		func(t *testing.T, c *flowredis.Coordinator, rate limit.Rate, _ int) limit.Limiter {
			t.Helper()
			l, err := flowredis.NewLeakyBucket("api", c, flowredis.LeakyBucketConfig{Rate: rate})
			return made(t, l, err)
		},
		func(t *testing.T, c *flowredis.Coordinator, rate limit.Rate, _ int) limit.KeyedLimiter {
			t.Helper()
			k, err := flowredis.NewKeyedLeakyBucket("api", c, flowredis.LeakyBucketConfig{Rate: rate})
			return made(t, k, err)
		},
		[]limittest.Option{limittest.Quota(limit.Every(20*resolution), 1)},
	},
	{
		"fixed window",
		func(t *testing.T, c *flowredis.Coordinator, rate limit.Rate, burst int) limit.Limiter {
			t.Helper()
			l, err := flowredis.NewFixedWindow("api", c, windowOf(rate, burst))
			return made(t, l, err)
		},
		func(t *testing.T, c *flowredis.Coordinator, rate limit.Rate, burst int) limit.KeyedLimiter {
			t.Helper()
			k, err := flowredis.NewKeyedFixedWindow("api", c, windowOf(rate, burst))
			return made(t, k, err)
		},
		[]limittest.Option{limittest.Windows(2)},
	},
	{
		"sliding window",
		func(t *testing.T, c *flowredis.Coordinator, rate limit.Rate, burst int) limit.Limiter {
			t.Helper()
			l, err := flowredis.NewSlidingWindow("api", c, windowOf(rate, burst))
			return made(t, l, err)
		},
		func(t *testing.T, c *flowredis.Coordinator, rate limit.Rate, burst int) limit.KeyedLimiter {
			t.Helper()
			k, err := flowredis.NewKeyedSlidingWindow("api", c, windowOf(rate, burst))
			return made(t, k, err)
		},
		[]limittest.Option{limittest.Windows(2)},
	},
}

// patientClient is for tests whose decisions must all be made in Redis, on a machine that is busy.
func patientClient(tb testing.TB, addrs ...string) redis.UniversalClient {
	tb.Helper()
	return newClient(tb, flowredis.ClientConfig{Addrs: addrs, PoolTimeout: patient, DialTimeout: patient, ReadTimeout: patient})
}

func (s sort) conform(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	opts := append([]limittest.Option{limittest.RealTime(resolution)}, s.opts...)
	t.Run(s.name, func(t *testing.T) {
		t.Parallel()
		limittest.Run(t, func(t *testing.T, rate limit.Rate, burst int) limit.Limiter {
			t.Helper()
			return s.plain(t, coordinate(t, client, unhurried), rate, burst)
		}, opts...)
	})
	t.Run("keyed "+s.name, func(t *testing.T) {
		t.Parallel()
		limittest.RunKeyed(t, func(t *testing.T, rate limit.Rate, burst int) limit.KeyedLimiter {
			t.Helper()
			return s.keyed(t, coordinate(t, client, unhurried), rate, burst)
		}, opts...)
	})
}

func TestOtherAlgorithmsConformOnASingleServer(t *testing.T) {
	t.Parallel()
	client := patientClient(t, redistest.Shared(t).Addr())
	for _, s := range sorts {
		s.conform(t, client)
	}
}

func TestOtherAlgorithmsConformOnACluster(t *testing.T) {
	t.Parallel()
	client := patientClient(t, redistest.SharedCluster(t).Addrs()...)
	for _, s := range sorts {
		s.conform(t, client)
	}
}

// keys are the keys with a prefix on a server, and their lifetimes in milliseconds.
func keysOf(t *testing.T, server *redistest.Server, prefix string) map[string]int64 {
	t.Helper()
	client := calmClient(t, server.Addr())
	keys, err := client.Keys(t.Context(), prefix+"*").Result()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]int64)
	for _, key := range keys {
		ttl, err := client.PTTL(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		all[key] = ttl.Milliseconds()
	}
	return all
}

func TestEveryKeyIsEscapedAndHasALifetime(t *testing.T) {
	t.Parallel()
	server := redistest.Shared(t)
	for _, s := range sorts {
		p := prefix(t)
		c := coordinate(t, calmClient(t, server.Addr()), flowredis.Config{Prefix: p, Budget: patient})
		plain, keyed := s.plain(t, c, limit.PerMinute(1), 1), s.keyed(t, c, limit.PerMinute(1), 1)
		for range 3 {
			_, err := plain.Take(t.Context(), 1)
			_, err2 := keyed.Take(t.Context(), "a}{b:c", 1)
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
		}
		keys := keysOf(t, server, p)
		escaped := false
		for key, ttl := range keys {
			escaped = escaped || strings.Contains(key, "{api:a%7D%7Bb%3Ac}")
			if ttl <= 0 || ttl > 2*time.Minute.Milliseconds()+1000 {
				t.Errorf("%s: %s lives for %d ms, want until nothing is in use, and a second more", s.name, key, ttl)
			}
		}
		if len(keys) != 2 || !escaped {
			t.Errorf("%s: got keys %v, want one for all and one for the key, escaped", s.name, keys)
		}
	}
}

func TestAlgorithmsWithOneNameDoNotShareAState(t *testing.T) {
	t.Parallel()
	c := coordinate(t, calmClient(t, redistest.Shared(t).Addr()), unhurried)
	for _, s := range sorts {
		if d, err := s.plain(t, c, limit.PerHour(1), 1).Take(t.Context(), 1); err != nil || !d.Allowed {
			t.Errorf("%s: got %+v, %v, want a permit of its own", s.name, d, err)
		}
	}
}

func TestWindowKeepsItsLengthWhenItsLimitIsSet(t *testing.T) {
	t.Parallel()
	for _, newWindow := range []func(string, *flowredis.Coordinator, flowredis.WindowConfig, ...flowredis.Option) (*flowredis.Limiter, error){
		flowredis.NewFixedWindow, flowredis.NewSlidingWindow,
	} {
		a, b := two(t, []string{redistest.Shared(t).Addr()})
		first, err := newWindow("api", a, daily(10))
		made(t, first, err)
		second, err := newWindow("api", b, daily(10))
		made(t, second, err)
		first.AllowN(t.Context(), 4)
		if err := first.SetBurst(t.Context(), 20); err != nil {
			t.Fatal(err)
		}
		if d, err := second.Take(t.Context(), 1); err != nil || d.Window != 24*time.Hour || d.Remaining != 15 {
			t.Errorf("got %+v, %v, want 15 of 20 left in the same window", d, err)
		}
		if err := second.SetRate(t.Context(), limit.Per(20, 12*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if d, err := first.Take(t.Context(), 1); err != nil || d.Window != 12*time.Hour || d.Remaining != 14 {
			t.Errorf("got %+v, %v, want 14 of 20 left in a window half as long", d, err)
		}
		if err := first.SetRate(t.Context(), limit.PerSecond(1e6)); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("got %v, want a window of less than a millisecond refused", err)
		}
	}
}

func TestFixedWindowsBeginAtTheFullHour(t *testing.T) {
	t.Parallel()
	c := coordinate(t, calmClient(t, redistest.Shared(t).Addr()), unhurried)
	l, err := flowredis.NewFixedWindow("api", c, flowredis.WindowConfig{Limit: 1, Window: time.Hour})
	made(t, l, err)
	d, err := l.Take(t.Context(), 1)
	end := time.Now().Add(d.ResetAfter)
	if err != nil {
		t.Fatal(err)
	}
	if off := end.Sub(end.Round(time.Hour)).Abs(); d.ResetAfter > time.Hour || off > 5*time.Second {
		t.Errorf("the window ends %v off the full hour", off)
	}
}

func TestWaitSpacesCallersOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	a, b := two(t, []string{redistest.Shared(t).Addr()})
	cfg := flowredis.LeakyBucketConfig{Rate: limit.PerSecond(20)}
	first, err := flowredis.NewLeakyBucket("api", a, cfg)
	made(t, first, err)
	second, err := flowredis.NewLeakyBucket("api", b, cfg)
	made(t, second, err)
	began, done := time.Now(), make(chan time.Time)
	for _, l := range []*flowredis.Limiter{first, second} {
		for range 3 {
			go func() {
				if err := l.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				done <- time.Now()
			}()
		}
	}
	for i := range 6 {
		if at := (<-done).Sub(began); at < time.Duration(i)*50*time.Millisecond-resolution {
			t.Errorf("caller %d left after %v, want 50ms after the one before", i, at)
		}
	}
	if err := first.SetBurst(t.Context(), 2); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want a burst of 2 refused", err)
	}
}

func TestConfigsOfOtherAlgorithmsNameTheFieldAtFault(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]interface{ Validate() error }{
		"Limit":      flowredis.WindowConfig{Window: time.Second},
		"Window":     flowredis.WindowConfig{Limit: 5},
		"MaxKeys":    flowredis.WindowConfig{Limit: 5, Window: time.Second, MaxKeys: -1},
		"Rate":       flowredis.LeakyBucketConfig{},
		"MaxWaiters": flowredis.LeakyBucketConfig{Rate: limit.PerSecond(1), MaxWaiters: -1},
	} {
		if err := cfg.Validate(); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s at fault", err, want)
		}
	}
	if err := daily(5).Validate(); err != nil {
		t.Error(err)
	}
}

func TestOneCallerInALoopIsPacedAtItsRate(t *testing.T) { // alone, as it measures times
	c := coordinate(t, patientClient(t, redistest.Shared(t).Addr()), unhurried)
	l, err := flowredis.NewLeakyBucket("api", c, flowredis.LeakyBucketConfig{Rate: limit.PerSecond(200)})
	made(t, l, err)
	watching, stop := context.WithCancel(t.Context())
	stall := make(chan time.Duration, 1)
	go func() { stall <- longestStall(watching) }()
	began := time.Now()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				if err := l.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	stop()
	most := 650*time.Millisecond + 25*<-stall // what the machine may add to each turn
	if took < 99*5*time.Millisecond-resolution || took > most {
		t.Errorf("100 permits at 200/s took %v, want 495ms or hardly more, and at most %v", took, most)
	}
	if trips := c.Stats().Answered; trips != 100 {
		t.Errorf("100 permits took %d round trips, want one each", trips)
	}
}

func TestTurnOfAPacedCallerThatGivesUpIsGivenBack(t *testing.T) {
	t.Parallel()
	c := coordinate(t, patientClient(t, redistest.Shared(t).Addr()), unhurried)
	l, err := flowredis.NewLeakyBucket("api", c, flowredis.LeakyBucketConfig{Rate: limit.Every(2 * patient)})
	made(t, l, err)
	if err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := l.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a wait that was canceled", err)
	}
	d, err := l.Take(t.Context(), 1)
	if err != nil || d.Allowed || d.RetryAfter > 2*patient {
		t.Errorf("got %+v, %v, want the next permit to be the one that was given back", d, err)
	}
	soon, cancel := context.WithTimeout(t.Context(), patient/2)
	defer cancel()
	if err := l.Wait(soon); !errors.Is(err, core.ErrRejected) || !errors.Is(err, context.DeadlineExceeded) || soon.Err() != nil {
		t.Errorf("got %v, want it rejected at once", err)
	}
}

// TestWindowDecisionsAreTrue goes to the times a decision gives and looks what is in use there.
func TestWindowDecisionsAreTrue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 1<<31-1)).Draw(t, "limit")
		window := rapid.OneOf(rapid.Int64Range(1000, 2000), rapid.Int64Range(1000, 366*24*3600*1e6)).Draw(t, "window")
		w := flowredis.NewWindows(limit.Per(float64(most), time.Duration(window)*time.Microsecond), most)
		count := rapid.Int64Range(0, int64(most)).Draw(t, "count")
		before := rapid.Int64Range(0, int64(most)).Draw(t, "before")
		elapsed := rapid.Int64Range(0, window-1).Draw(t, "elapsed")
		used := w.Used(count, before, elapsed)
		if exact := count + before*(window-elapsed)/window; before < 1<<20 && window < 1<<40 && (used < exact || used > exact+1+before>>10) {
			t.Fatalf("%d are in use, want %d or hardly more", used, exact)
		}
		n := rapid.IntRange(1, most).Draw(t, "n")
		if used+int64(n) <= int64(most) {
			return
		}
		d, ok := w.Decide(n, 0, count, before, elapsed)
		if !ok {
			t.Fatal("the reply was not understood")
		}
		at := elapsed + d.RetryAfter.Microseconds()
		if left := most - n; !w.Has(count, before, at, left) || w.Has(count, before, at-1, left) && d.RetryAfter > time.Microsecond {
			t.Fatalf("RetryAfter %v: want it to be the first moment with room for %d", d.RetryAfter, n)
		}
	})
}

func TestRepliesThatNoWindowGivesAreRefused(t *testing.T) {
	t.Parallel()
	w := flowredis.NewWindows(limit.PerSecond(5), 5)
	for _, reply := range [][]int64{nil, {1, 1, 0}, {2, 0, 0, 0}, {1, 6, 0, 0}, {1, -1, 0, 0}, {1, 0, 6, 0}, {0, 0, 0, 1e6}, {0, 0, 0, -1}} {
		if _, ok := w.Decide(1, reply...); ok {
			t.Errorf("the reply %v was taken for a decision", reply)
		}
	}
	if d, ok := w.Decide(1, 1, 1, 0, 0); !ok || !d.Allowed || d.Remaining != 4 || d.Limit != 5 {
		t.Errorf("got %+v, %v, want 4 left of 5", d, ok)
	}
}
