package limit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

func TestParseRateReadsWhatStringPrints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, prints string
		interval     time.Duration
	}{
		{"100/s", "100/s", 10 * time.Millisecond},
		{" 5 / m ", "5/m", 12 * time.Second},
		{"0.5/s", "0.5/s", 2 * time.Second},
		{"1000/d", "1000/d", 86400 * time.Millisecond},
		{"10/250ms", "10/250ms", 25 * time.Millisecond},
		{"1/1h", "1/h", time.Hour},
		{"1/2h", "1/2h0m0s", 2 * time.Hour},
		{"1e9/s", "1000000000/s", 1},
		{"3/s", "3/s", 333_333_333},
	} {
		r, err := limit.ParseRate(c.text)
		if err != nil || r.String() != c.prints || r.Interval() != c.interval {
			t.Errorf("%q: %v, %v, interval %v; want %s and %v", c.text, r, err, r.Interval(), c.prints, c.interval)
		}
		text, err := json.Marshal(r)
		var again limit.Rate
		if err := errors.Join(err, json.Unmarshal(text, &again)); err != nil || again != r {
			t.Errorf("%q: through JSON %s it became %v, %v", c.text, text, again, err)
		}
	}
	if r := (limit.Rate{}); !r.IsZero() || r.String() != "0/s" || limit.PerSecond(1).IsZero() {
		t.Errorf("zero: %v", r)
	}
}

func TestParseRateSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              `limit: rate "": want a number, a slash and a unit, as in 100/s`,
		"100":                           `limit: rate "100": want a number, a slash and a unit, as in 100/s`,
		"x/s":                           `limit: rate "x/s": "x" is not a number`,
		"1/":                            `limit: rate "1/": "" is neither a unit (s, m, h, d) nor a duration`,
		"1/y":                           `limit: rate "1/y": "y" is neither a unit (s, m, h, d) nor a duration`,
		"0/s":                           `limit: rate "0/s" must be above 0`,
		"-1/s":                          `limit: rate "-1/s" must be above 0`,
		"NaN/s":                         `limit: rate "NaN/s" must be above 0`,
		"Inf/s":                         `limit: rate "Inf/s" must be finite`,
		"1e12/s":                        `limit: rate "1e12/s" must be at most 1e9/s`,
		"5e-324/s":                      `limit: rate "5e-324/s" must be at least one a year`,
		"1/0s":                          `limit: rate "1/0s" must be above 0`,
		"1/-1s":                         `limit: rate "1/-1s" must be above 0`,
		strings.Repeat("9", 400) + "/s": `is not a number`,
	} {
		r, err := limit.ParseRate(text)
		if err == nil || !strings.HasSuffix(err.Error(), want) && !strings.Contains(err.Error(), want) || !r.IsZero() {
			t.Errorf("%.20q: %v, %v; want %s", text, r, err, want)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"100/s", "5/m", "0.5/h", "1/250ms", "1e9/s", "NaN/s", "-Inf/d", "0x1p-3/s", "1/µs", "1/1ns", "//", "1/9999h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := limit.ParseRate(s)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "limit: rate ") || strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("%q: error %q", s, err)
			}
			return
		}
		if again, err := limit.ParseRate(r.String()); err != nil || again != r {
			t.Errorf("%q reads as %v, and that as %v, %v", s, r, again, err)
		}
		b, err := limit.NewTokenBucket("fuzz", limit.TokenBucketConfig{Rate: r})
		if err != nil {
			t.Fatalf("%q reads as %v, which a bucket refuses: %v", s, r, err)
		}
		defer b.Close()
		if !b.Allow(t.Context()) {
			t.Errorf("%q: a new bucket is not full", s)
		}
	})
}

func TestWrongConfigsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate  limit.Rate
		burst int
		want  string // "" when right
	}{
		{limit.PerSecond(1), 0, ""},
		{limit.PerSecond(1e9), math.MaxInt32, ""},
		{limit.Every(366 * 24 * time.Hour), 9, ""},
		{limit.Rate{}, 1, "Rate must be above 0, got 0/s"},
		{limit.PerSecond(-1), 1, "Rate must be above 0, got -1/s"},
		{limit.PerSecond(math.NaN()), 1, "Rate must be above 0, got NaN/s"},
		{limit.PerSecond(math.Inf(1)), 1, "Rate must be finite, got +Inf/s"},
		{limit.PerSecond(1e12), 1, "Rate must be at most 1e9/s, got 1000000000000/s"},
		{limit.PerSecond(5e-324), 1, "Rate must be at least one a year, got 0.000"},
		{limit.Per(1, -time.Second), 1, "Rate must be above 0"},
		{limit.PerSecond(1), -1, "Burst must not be negative, got -1"},
		{limit.PerSecond(1), math.MaxInt, "Burst must be at most 2147483647, got 9223372036854775807"},
		{limit.PerHour(1), math.MaxInt32, "Burst at 1/h must refill within 9 years, got 2147483647"},
		{limit.Every(366 * 24 * time.Hour), 10, "must refill within 9 years"},
	} {
		b, err := limit.NewTokenBucket("api", limit.TokenBucketConfig{Rate: c.rate, Burst: c.burst})
		k, kerr := limit.NewKeyed("api", limit.KeyedConfig{Rate: c.rate, Burst: c.burst})
		for _, err := range []error{err, kerr} {
			if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, core.ErrInvalid) ||
				!strings.HasPrefix(err.Error(), `limit: "api": `) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, burst %d: got %v, want %q", c.rate, c.burst, err, c.want)
			}
		}
		if b != nil {
			if d, err := b.Take(t.Context(), max(c.burst, 1)); err != nil || !d.Allowed || d.Remaining != 0 || b.Allow(t.Context()) && c.rate != limit.PerSecond(1e9) {
				t.Errorf("%v, burst %d: a whole burst gave %+v, %v", c.rate, c.burst, d, err)
			}
			b.Close()
			k.Close()
		}
	}
	_, err := limit.NewTokenBucket("", limit.TokenBucketConfig{MaxWaiters: -1})
	for _, want := range []string{"name must not be empty", "Rate must be above 0", "MaxWaiters must not be negative, got -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if _, err := limit.NewKeyed("api", limit.KeyedConfig{Rate: limit.PerSecond(1), MaxKeys: -1}); err == nil || !strings.Contains(err.Error(), "MaxKeys must not be negative") {
		t.Error(err)
	}
}

func TestSetRateAndSetBurstRefuseWhatConfigsDo(t *testing.T) {
	t.Parallel()
	b, k := newBucket(t, limit.PerHour(1), 5), newKeyed(t, limit.PerHour(1), 5, 10)
	for _, rate := range []limit.Rate{{}, limit.PerSecond(-5), limit.PerSecond(math.NaN()), limit.PerSecond(math.Inf(1)), limit.PerSecond(1e12)} {
		if err := b.SetRate(t.Context(), rate); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("SetRate(%v): %v", rate, err)
		}
		if err := k.SetRate(t.Context(), rate); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("Keyed.SetRate(%v): %v", rate, err)
		}
	}
	for _, burst := range []int{0, -1, math.MaxInt, math.MaxInt32} {
		if err := b.SetBurst(t.Context(), burst); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("SetBurst(%d): %v", burst, err)
		}
		if err := k.SetBurst(t.Context(), burst); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("Keyed.SetBurst(%d): %v", burst, err)
		}
	}
	if got := fmt.Sprint(b, "; ", k); got != `token bucket "api": 1/h, burst 5; keyed limiter "api": 1/h, burst 5 for each key` {
		t.Error(got)
	}
}

func TestErrorsSayWhatHappened(t *testing.T) {
	t.Parallel()
	d := limit.Decision{Limit: 20, RetryAfter: 50 * time.Millisecond}
	for _, c := range []struct {
		err         error
		text, class string
	}{
		{&limit.RejectedError{Limiter: "api", Decision: d}, `limit: "api" rejected: 0 of 20 permits left, retry in 50ms`, core.TypeRateLimited},
		{&limit.PermitsError{Limiter: "api", Permits: 30, Burst: 20}, `limit: "api": 30 permits asked for, at most 20 can be had`, core.TypeInvalid},
		{&limit.PermitsError{Limiter: "api", Permits: 0, Burst: 20}, `limit: "api": 0 permits asked for, must be above 0`, core.TypeInvalid},
	} {
		if c.err.Error() != c.text || core.ErrorType(c.err) != c.class {
			t.Errorf("got %q of type %s", c.err, core.ErrorType(c.err))
		}
	}
}

func TestAllowIsFalseForWhatTakeRefuses(t *testing.T) {
	t.Parallel()
	b, k := newBucket(t, limit.PerHour(1), 5), newKeyed(t, limit.PerHour(1), 5, 10)
	for _, n := range []int{0, -1, 6, math.MaxInt, math.MinInt} {
		if b.AllowN(t.Context(), n) || k.AllowN(t.Context(), "a", n) {
			t.Errorf("AllowN(%d) is true", n)
		}
		if _, err := b.Reserve(t.Context(), n); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("Reserve(%d): %v", n, err)
		}
		if err := b.WaitN(t.Context(), n); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("WaitN(%d): %v", n, err)
		}
	}
	if b.Stats().InUse != 0 || k.Len() != 0 {
		t.Error("refusals took something")
	}
}
