package limit_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// perSecond is how many permits a bucket gives in each of n seconds, asked every millisecond.
func perSecond(t *testing.T, b *limit.TokenBucket, n int) []int {
	t.Helper()
	counts := make([]int, n)
	for i := range counts {
		for range 1000 {
			<-time.After(time.Millisecond)
			if b.Allow(t.Context()) {
				counts[i]++
			}
		}
	}
	return counts
}

func TestARateWarmsUpFromAThirdAndNeverExceedsItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := must(limit.NewTokenBucket("cold", limit.TokenBucketConfig{Rate: limit.PerSecond(48), WarmUp: 16 * time.Second}))
		defer b.Close()
		counts := perSecond(t, b, 20)
		for i, n := range counts {
			want := min(16+2*i, 48) // a third, and a sixteenth of the rest each second
			if n < want-2 || n > want+1 {
				t.Errorf("second %d gave %d permits, want about %d", i, n, want)
			}
		}
		if got := b.Stats().Rate; got != limit.PerSecond(48) {
			t.Errorf("Stats has the rate %v, want the configured one", got)
		}
	})
}

func TestAnIdleBucketIsWarmWhenItsTimeHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := must(limit.NewTokenBucket("cold", limit.TokenBucketConfig{Rate: limit.PerSecond(48), WarmUp: time.Minute}))
		defer b.Close()
		<-time.After(time.Hour)
		if got := perSecond(t, b, 1)[0]; got < 47 || got > 49 {
			t.Errorf("%d permits in a second, want 48", got)
		}
	})
}

func TestAChangeOfQuotaEndsTheWarmUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := must(limit.NewTokenBucket("cold", limit.TokenBucketConfig{Rate: limit.PerSecond(48), WarmUp: time.Hour}))
		defer b.Close()
		if err := b.SetBurst(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		perSecond(t, b, 1) // the burst
		if got := perSecond(t, b, 1)[0]; got < 47 || got > 49 {
			t.Errorf("%d permits in a second, want 48", got)
		}
	})
}

func TestWaitersOutlastAStepOfTheWarmUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := must(limit.NewTokenBucket("cold", limit.TokenBucketConfig{Rate: limit.PerSecond(3), WarmUp: 16 * time.Second}))
		defer b.Close()
		begin := time.Now()
		for range 7 { // one at once, then one a second or sooner
			if err := b.WaitN(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took < 3*time.Second || took > 6*time.Second {
			t.Errorf("seven permits took %v, want from 3s to 6s", took)
		}
		if err := b.WaitN(t.Context(), 1); err != nil {
			t.Error(err)
		}
	})
}

func TestAWarmUpOutOfBoundsIsRefused(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{-1, 25 * time.Hour} {
		_, err := limit.NewTokenBucket("cold", limit.TokenBucketConfig{Rate: limit.PerSecond(1), WarmUp: d})
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), `"cold": WarmUp must be from 0s to 24h, got `+d.String()) {
			t.Errorf("WarmUp %v: %v", d, err)
		}
	}
}
