package limit_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// eachWindow runs a test in a bubble for each kind of limiter by windows.
func eachWindow(t *testing.T, cfg limit.WindowConfig, test func(t *testing.T, kind windowKind, l windowLimiter)) {
	t.Helper()
	for _, kind := range windowKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, err := kind.make("api", cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				test(t, kind, l)
			})
		})
	}
}

func takeFrom(t *testing.T, l limit.Limiter, n int) limit.Decision {
	t.Helper()
	d, err := l.Take(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWindowsKeepTheirPromises(t *testing.T) {
	t.Parallel()
	eachWindow(t, limit.WindowConfig{Limit: 5, Window: time.Second}, func(t *testing.T, kind windowKind, l windowLimiter) {
		t.Helper()
		<-time.After(700 * time.Millisecond)
		for _, n := range []int{0, -1, math.MinInt, 6, math.MaxInt32, math.MaxInt} {
			d, err := l.Take(t.Context(), n)
			if !errors.Is(err, core.ErrInvalid) || errors.Is(err, limit.ErrExceedsBurst) != (n > 0) || d != (limit.Decision{}) {
				t.Errorf("Take(%d) gave %+v, %v", n, d, err)
			}
			if l.AllowN(t.Context(), n) {
				t.Errorf("AllowN(%d) was true", n)
			}
		}
		if d := takeFrom(t, l, 4); !d.Allowed || d.Remaining != 1 || d.Limit != 5 || d.Window != time.Second || d.RetryAfter != 0 {
			t.Errorf("refusals took permits: %+v", d)
		}
		for range 3 {
			if d := takeFrom(t, l, 2); d.Allowed || d.Remaining != 1 {
				t.Errorf("two of one: %+v", d)
			}
		}
		if !l.Allow(t.Context()) {
			t.Error("the denial of two took the one that was left")
		}
		d := takeFrom(t, l, 5)
		for d.RetryAfter > 0 {
			<-time.After(d.RetryAfter - 1)
			if early := takeFrom(t, l, 5); early.Allowed || early.RetryAfter != 1 {
				t.Fatalf("1 ns before RetryAfter: %+v", early)
			}
			<-time.After(1)
			d = takeFrom(t, l, 5)
		}
		<-time.After(1_000_000 * time.Second)
		if got := takeFrom(t, l, 5); !got.Allowed || l.Allow(t.Context()) {
			t.Errorf("after a long rest: %+v, or one more", got)
		}
		if want := kind.name + ` "api": 5/s`; l.String() != want || l.Name() != "api" {
			t.Errorf("String gives %s, want %s", l, want)
		}
	})
}

func TestFixedWindowsBeginAtTheFullHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC
		<-time.After(25*time.Minute + 1)
		w := must(limit.NewFixedWindow("api", limit.WindowConfig{Limit: 3, Window: time.Hour}))
		defer w.Close()
		if d := takeFrom(t, w, 3); !d.Allowed || d.NextAfter != 35*time.Minute-1 || d.ResetAfter != d.NextAfter {
			t.Errorf("at 25 minutes past: %+v", d)
		}
		<-time.After(35*time.Minute - 2)
		if d := takeFrom(t, w, 1); d.Allowed || d.RetryAfter != 1 {
			t.Errorf("1 ns before the full hour: %+v", d)
		}
		<-time.After(1)
		if !w.AllowN(t.Context(), 3) {
			t.Error("denied at the full hour")
		}
	})
}

func TestFixedWindowAllowsTwiceTheLimitAcrossAnEdgeAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := must(limit.NewFixedWindow("api", limit.WindowConfig{Limit: 10, Window: time.Minute}))
		defer w.Close()
		<-time.After(time.Minute - 1)
		for range 2 {
			if !w.AllowN(t.Context(), 10) || w.Allow(t.Context()) {
				t.Error("not exactly the limit in a window")
			}
			<-time.After(1)
		}
	})
}

func TestSlidingWindowWithALimitOfOneServesWhoComesBackInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := must(limit.NewSlidingWindow("api", limit.WindowConfig{Limit: 1, Window: time.Second}))
		defer w.Close()
		<-time.After(900 * time.Millisecond)
		for range 10 {
			if !w.Allow(t.Context()) {
				t.Fatal("denied at the time it said to come back")
			}
			d := takeFrom(t, w, 1)
			if d.Allowed || d.RetryAfter < time.Second || d.RetryAfter > 2*time.Second {
				t.Fatalf("after one: %+v", d)
			}
			<-time.After(d.RetryAfter)
		}
	})
}

func TestSlidingWindowGivesBackEvenly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := must(limit.NewSlidingWindow("api", limit.WindowConfig{Limit: 100, Window: time.Second}))
		defer w.Close()
		<-time.After(999 * time.Millisecond)
		w.AllowN(t.Context(), 100)
		<-time.After(time.Millisecond)
		for i := range 100 {
			if d := takeFrom(t, w, 1); d.Allowed || d.RetryAfter != 10*time.Millisecond {
				t.Fatalf("%d: %+v", i, d)
			}
			<-time.After(10 * time.Millisecond)
			if i < 99 && !w.Allow(t.Context()) {
				t.Fatalf("%d: denied 10 ms later", i)
			}
		}
	})
}

func TestWindowsDoNotMindTheClock(t *testing.T) {
	t.Parallel()
	for _, kind := range windowKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			l, err := kind.makeAt(limit.WindowConfig{Limit: 2, Window: time.Hour}, 1_800_000_000_000_000_000)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			const idle = math.MaxInt64 - time.Duration(limit.At0) // 292 years, where the clock ends
			for _, c := range []struct {
				now  time.Duration
				want bool
			}{
				{time.Hour, true}, {-time.Hour, false}, {-idle, false}, {0, false},
				{10 * time.Hour, true}, {time.Hour, false}, {10 * time.Hour, false},
				{idle - 3*time.Hour, true}, {idle, true}, {0, false}, {idle, false},
			} {
				if d, err := l.TakeAt(c.now, 2); err != nil || d.Allowed != c.want {
					t.Errorf("at %v: %+v, %v; want allowed %v", c.now, d, err, c.want)
				}
			}
			late, err := kind.makeAt(limit.WindowConfig{Limit: 2, Window: time.Hour}, 1_800_000_000_000_000_000)
			if err != nil {
				t.Fatal(err)
			}
			defer late.Close()
			if d, err := late.TakeAt(idle, 2); err != nil || !d.Allowed || d.ResetAfter > 2*time.Hour {
				t.Errorf("first used after 292 years: %+v, %v", d, err)
			}
		})
	}
}

func TestWindowsChangeLive(t *testing.T) {
	t.Parallel()
	for _, kind := range windowKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rec := telemetrytest.New(t)
				l, err := kind.make("api", limit.WindowConfig{Limit: 10, Window: time.Minute}, limit.WithTelemetry(rec.Options()...))
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				l.AllowN(t.Context(), 6)
				for _, bad := range []error{
					l.SetLimit(t.Context(), 0), l.SetLimit(t.Context(), -1), l.SetLimit(t.Context(), math.MaxInt),
					l.SetWindow(t.Context(), 0), l.SetWindow(t.Context(), -time.Second), l.SetWindow(t.Context(), math.MaxInt64),
				} {
					if !errors.Is(bad, core.ErrInvalid) {
						t.Errorf("got %v", bad)
					}
				}
				if len(rec.Logs()) != 0 {
					t.Error("an event although nothing changed")
				}
				change := func(err error, want, rate string) {
					t.Helper()
					if err != nil {
						t.Fatal(err)
					}
					if s := l.Stats(); s.InUse != 6 || s.Rate.String() != rate {
						t.Errorf("after %s: %+v", want, s)
					}
				}
				change(l.SetLimit(t.Context(), 2), "a lower limit", "2/m")
				if l.Allow(t.Context()) {
					t.Error("allowed above the lower limit")
				}
				change(l.SetLimit(t.Context(), 8), "a higher limit", "8/m")
				change(l.SetWindow(t.Context(), time.Hour), "a longer window", "8/h")
				change(l.SetWindow(t.Context(), time.Second), "a shorter window", "8/s")
				if !l.AllowN(t.Context(), 2) || l.Allow(t.Context()) {
					t.Error("what the new limit leaves is 2")
				}
				if len(rec.Logs()) != 4 {
					t.Errorf("%d events of 4 changes", len(rec.Logs()))
				}
				rec.RequireEvent(flowconv.EventLimiterQuotaChange, flowconv.LimiterRateKey.String("8/s"), flowconv.LimiterBurstKey.Int(8))
			})
		})
	}
}

func TestSlidingLogForgetsWhatALowerLimitDoesNotNeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := must(limit.NewSlidingLog("api", limit.WindowConfig{Limit: 1000, Window: time.Second}))
		defer l.Close()
		l.AllowN(t.Context(), 7)
		for _, c := range []struct{ limit, size int }{{2, 7}, {1000, 1000}, {3, 7}} {
			if err := l.SetLimit(t.Context(), c.limit); err != nil || l.LogSize() != c.size {
				t.Errorf("a limit of %d with 7 in use: %v, remembers %d, want %d", c.limit, err, l.LogSize(), c.size)
			}
		}
		<-time.After(time.Second)
		if err := l.SetLimit(t.Context(), 4); err != nil || l.LogSize() != 4 || !l.AllowN(t.Context(), 4) {
			t.Errorf("a limit of 4 with none in use: %v, remembers %d", err, l.LogSize())
		}
	})
}

func TestPaceWaitsForTheNextWindow(t *testing.T) {
	t.Parallel()
	eachWindow(t, limit.WindowConfig{Limit: 2, Window: time.Second}, func(t *testing.T, _ windowKind, l windowLimiter) {
		t.Helper()
		pace, began := limit.Pace(l), time.Now()
		for range 5 {
			if err := pace.Do(t.Context(), done); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 2*time.Second || took > 3*time.Second {
			t.Errorf("5 tasks at 2 a second took %v", took)
		}
	})
}

func TestWindowConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  limit.WindowConfig
		want []string
	}{
		{limit.WindowConfig{}, []string{"Limit", "Window"}},
		{limit.WindowConfig{Limit: -1, Window: time.Second}, []string{"Limit"}},
		{limit.WindowConfig{Limit: math.MinInt, Window: math.MinInt64}, []string{"Limit", "Window"}},
		{limit.WindowConfig{Limit: math.MaxInt32 + 1, Window: time.Second}, []string{"Limit"}},
		{limit.WindowConfig{Limit: math.MaxInt, Window: math.MaxInt64}, []string{"Limit", "Window"}},
		{limit.WindowConfig{Limit: 1, Window: time.Millisecond - 1}, []string{"Window"}},
		{limit.WindowConfig{Limit: 1, Window: -time.Hour}, []string{"Window"}},
		{limit.WindowConfig{Limit: 1, Window: 367 * 24 * time.Hour}, []string{"Window"}},
	} {
		for _, kind := range windowKinds {
			_, err := kind.make("api", c.cfg)
			if !errors.Is(err, core.ErrInvalid) {
				t.Errorf("%s of %+v gave %v", kind.name, c.cfg, err)
				continue
			}
			for _, field := range c.want {
				if !strings.Contains(err.Error(), field) {
					t.Errorf("%s of %+v: %v says nothing about %s", kind.name, c.cfg, err, field)
				}
			}
		}
	}
	if _, err := limit.NewSlidingLog("api", limit.WindowConfig{Limit: 1<<20 + 1, Window: time.Second}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("a log beyond its memory gave %v", err)
	}
}
