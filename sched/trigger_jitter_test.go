package sched_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/sched"
)

// delays gives how much later than round hours a jittered trigger is due.
func delays(spread sched.Spread, n int) (list []float64) {
	trigger := sched.Jitter(sched.Every(time.Hour), spread)
	for _, t := range times(trigger, epoch, n) {
		list = append(list, t.Sub(t.Truncate(time.Hour)).Seconds())
	}
	return list
}

// moments gives mean and standard deviation.
func moments(list []float64) (mean, deviation float64) {
	for _, v := range list {
		mean += v / float64(len(list))
	}
	for _, v := range list {
		deviation += (v - mean) * (v - mean) / float64(len(list))
	}
	return mean, math.Sqrt(deviation)
}

func TestJitterHasTheDistributionItNames(t *testing.T) {
	t.Parallel()
	const n = 20_000
	for name, c := range map[string]struct {
		spread          sched.Spread
		mean, deviation float64
	}{
		"uniform":     {sched.Uniform(time.Minute), 30, 60 / math.Sqrt(12)},
		"normal":      {sched.Gaussian(10*time.Minute, time.Minute), 600, 60},
		"exponential": {sched.Exponential(time.Minute), 60, 60},
		"full":        {sched.Full(), 1800, 3600 / math.Sqrt(12)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mean, deviation := moments(delays(c.spread.Seeded(name), n))
			if math.Abs(mean-c.mean) > 0.03*c.mean || math.Abs(deviation-c.deviation) > 0.03*c.deviation {
				t.Errorf("mean %.1f s, deviation %.1f s; want %.1f and %.1f", mean, deviation, c.mean, c.deviation)
			}
		})
	}
}

// The Kolmogorov-Smirnov distance between what was drawn and the distribution's function.
func TestExponentialJitterFollowsItsFunction(t *testing.T) {
	t.Parallel()
	const n = 10_000
	list := delays(sched.Exponential(time.Minute).Seeded("ks"), n)
	var worst float64
	for q := 0.05; q < 1; q += 0.05 {
		limit := -60 * math.Log(1-q)
		below := 0
		for _, v := range list {
			if v < limit {
				below++
			}
		}
		worst = max(worst, math.Abs(float64(below)/n-q))
	}
	if worst > 0.02 {
		t.Errorf("the distribution is %.3f off, want at most 0.02", worst)
	}
}

func TestJitterIsNeverEarlyAndPassesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "interval"))
		size := time.Duration(rapid.Int64Range(1, int64(3*time.Hour)).Draw(t, "size"))
		spread := rapid.SampledFrom([]sched.Spread{
			sched.Uniform(size), sched.Gaussian(size, size), sched.Exponential(size), sched.Full(),
		}).Draw(t, "spread")
		base := sched.Every(interval)
		trigger := sched.Jitter(base, spread)
		plain := times(base, epoch, 51)
		for i, got := range times(trigger, epoch, 50) {
			if got.Before(plain[i]) || !got.Before(plain[i+1]) {
				t.Fatalf("due %v for %v, the next is %v", got, plain[i], plain[i+1])
			}
		}
	})
}

func TestJitterAnswersTheSameWhenAskedAgain(t *testing.T) {
	t.Parallel()
	a := sched.Jitter(sched.Every(time.Hour), sched.Full())
	b := sched.Jitter(sched.Every(time.Hour), sched.Full())
	seeded := func(text string) sched.Trigger {
		return sched.Jitter(sched.Every(time.Hour), sched.Full().Seeded(text))
	}
	first := func(t sched.Trigger) time.Time { return times(t, epoch, 1)[0] }
	if got, again := first(a), first(a); !got.Equal(again) {
		t.Errorf("one trigger gave two answers, %v and %v", got, again)
	}
	if first(a).Equal(first(b)) {
		t.Error("two triggers without a seed are due at the same time")
	}
	x, again, y := first(seeded("x")), first(seeded("x")), first(seeded("y"))
	if !x.Equal(again) || x.Equal(y) {
		t.Errorf("seeded with x due %v and %v, with y %v; want the seed to decide", x, again, y)
	}
}

func TestJitterOfAOneTimeTriggerIsDueOnce(t *testing.T) {
	t.Parallel()
	got := times(sched.Jitter(sched.At(epoch.Add(time.Hour)), sched.Uniform(time.Minute)), epoch, 3)
	if len(got) != 1 || got[0].Before(epoch.Add(time.Hour)) || !got[0].Before(epoch.Add(time.Hour+time.Minute)) {
		t.Errorf("due %v, want once within a minute of 13:00", got)
	}
}
