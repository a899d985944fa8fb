package checks_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/checks"
)

func TestBaselineFindsWhatIsSuddenAndForgetsAnOutlier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var value atomic.Int64
		value.Store(100)
		measure := func(context.Context) (float64, error) { return float64(value.Load()), nil }
		check, err := checks.Baseline("latency", measure, checks.BaselineConfig{MaxFrozen: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		registry, err := health.New("app", health.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := registry.Add(check); err != nil {
			t.Fatal(err)
		}
		if err := registry.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for _, c := range []struct {
			name  string
			value int64
			runs  int
			want  health.Status
		}{
			{"the first values are learnt", 100, 60, health.Up},
			{"within twice the mean is normal", 199, 1, health.Up},
			{"an outlier", 1000, 1, health.Degraded},
			{"is not learnt", 150, 1, health.Up},
			{"an incident", 500, 300, health.Degraded},
			{"does not become the norm", 300, 1, health.Degraded},
			{"and ends", 100, 1, health.Up},
			{"a new level", 500, 359, health.Degraded},
			{"is the norm after an hour", 500, 31, health.Up},
			{"and judged as such", 1100, 1, health.Degraded},
		} {
			value.Store(c.value)
			for range c.runs {
				<-time.After(10 * time.Second)
				synctest.Wait()
			}
			if got := registry.Report(health.Readiness).Checks[0]; got.Status != c.want {
				t.Errorf("%s: %s %s, want %s", c.name, got.Status, got.Error, c.want)
			}
		}
		if err := registry.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestBaselineTakesAllThreeLimits(t *testing.T) {
	t.Parallel()
	flat := func(int) float64 { return 10 }
	noisy := func(i int) float64 { return 10 + 8*float64(i%2*2-1) } // 2, 18, 2, 18: the deviation is about 8
	for name, c := range map[string]struct {
		cfg         checks.BaselineConfig
		past        func(int) float64
		value       float64
		want        health.Status
		wantMessage string
	}{
		"above the factor":     {checks.BaselineConfig{}, flat, 20.1, health.Degraded, "20.1 is above 20; it is usually 10, give or take 0"},
		"at the factor":        {checks.BaselineConfig{}, flat, 20, health.Up, ""},
		"within the noise":     {checks.BaselineConfig{}, noisy, 40, health.Up, ""},
		"above the noise":      {checks.BaselineConfig{}, noisy, 50, health.Degraded, ""},
		"below the floor":      {checks.BaselineConfig{Floor: 100}, flat, 110, health.Up, ""},
		"above the floor":      {checks.BaselineConfig{Floor: 100}, flat, 111, health.Degraded, ""},
		"below the mean":       {checks.BaselineConfig{}, flat, -1000, health.Up, ""},
		"not far enough above": {checks.BaselineConfig{DownFactor: 3}, flat, 60, health.Degraded, ""},
		"far above":            {checks.BaselineConfig{DownFactor: 3}, flat, 61, health.Down, "61 is above 20; it is usually 10, give or take 0"},
		"usually nothing":      {checks.BaselineConfig{Floor: 1, DownFactor: 3}, func(int) float64 { return 0 }, 2, health.Degraded, ""},
		"no number":            {checks.BaselineConfig{}, flat, math.NaN(), health.Down, "the value is NaN"},
		"infinite":             {checks.BaselineConfig{}, flat, math.Inf(-1), health.Down, "the value is -Inf"},
		"too large a number":   {checks.BaselineConfig{}, flat, math.MaxFloat64, health.Down, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, now := checks.NewLearner(c.cfg), time.Unix(0, 0)
			for i := range 100 {
				if err := l.Judge(now, c.past(i)); err != nil {
					t.Fatalf("value %d: %v", i, err)
				}
			}
			mean, deviation := l.Known()
			err := l.Judge(now, c.value)
			if meaning(err) != c.want || c.wantMessage != "" && err.Error() != c.wantMessage {
				t.Errorf("got %v, want %s %s", err, c.want, c.wantMessage)
			}
			if m, d := l.Known(); err != nil && (m != mean || d != deviation) {
				t.Errorf("an abnormal value was learnt: %v and %v became %v and %v", mean, deviation, m, d)
			}
		})
	}
}

func TestBaselineLearnsNothingFromAFailure(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	check, err := checks.Baseline("x", func(context.Context) (float64, error) { return 5, boom }, checks.BaselineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); !errors.Is(err, boom) {
		t.Errorf("got %v, want boom", err)
	}
}

func TestBaselineIsTheWeightedMeanAndDeviationOfNormalValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg := checks.BaselineConfig{
			Window:     rapid.IntRange(1, 50).Draw(t, "window"),
			MinSamples: rapid.IntRange(1, 20).Draw(t, "samples"),
			Factor:     rapid.Float64Range(1.01, 4).Draw(t, "factor"),
			Deviations: rapid.Float64Range(0.1, 6).Draw(t, "deviations"),
			Floor:      rapid.Float64Range(0, 10).Draw(t, "floor"),
			MaxFrozen:  rapid.SampledFrom([]time.Duration{5 * time.Second, time.Hour}).Draw(t, "frozen"),
		}
		values := rapid.SliceOfN(rapid.Float64Range(-100, 100), 1, 120).Draw(t, "values")
		l, r := checks.NewLearner(cfg), reference{cfg: cfg}
		for i, v := range values {
			now := time.Unix(int64(i), 0)
			got, want := l.Judge(now, v) != nil, r.abnormal(now, v)
			mean, deviation := l.Known()
			if got != want && !r.close(v) {
				t.Fatalf("value %d, %v: abnormal %t, want %t of %+v", i, v, got, want, r.normal)
			}
			if got != want {
				return // rounding decided
			}
			if wantMean, wantDeviation := r.known(); !near(mean, wantMean) || !near(deviation, wantDeviation) {
				t.Fatalf("after value %d: mean %v, deviation %v, want %v, %v", i, mean, deviation, wantMean, wantDeviation)
			}
		}
	})
}

// reference keeps every normal value, and averages them anew each time.
type reference struct {
	cfg    checks.BaselineConfig
	normal []float64
	since  time.Time
	frozen bool
}

// average weighs values: the plain mean of the first ones up to the window, then each new one a
// windowth.
func (r *reference) average(values []float64) float64 {
	var sum, rest float64 = 0, 1 // rest is the weight that the older ones share
	for i := len(values) - 1; i >= 0; i-- {
		if i < r.cfg.Window {
			part := 0.0
			for _, v := range values[:i+1] {
				part += v
			}
			return sum + rest*part/float64(i+1)
		}
		sum += rest / float64(r.cfg.Window) * values[i]
		rest *= 1 - 1/float64(r.cfg.Window)
	}
	return sum
}

func (r *reference) known() (mean, deviation float64) {
	var distances []float64
	for i := 1; i < len(r.normal); i++ {
		distances = append(distances, math.Abs(r.normal[i]-r.average(r.normal[:i])))
	}
	return r.average(r.normal), r.average(distances)
}

func (r *reference) limit() float64 {
	mean, deviation := r.known()
	return max(mean*r.cfg.Factor, mean+r.cfg.Deviations*deviation, mean+r.cfg.Floor)
}

func (r *reference) close(v float64) bool { return near(v, r.limit()) }

func (r *reference) abnormal(now time.Time, v float64) bool {
	if len(r.normal) >= r.cfg.MinSamples && v > r.limit() {
		if !r.frozen {
			r.frozen, r.since = true, now
		}
		if now.Sub(r.since) < r.cfg.MaxFrozen {
			return true
		}
		r.normal = nil
	}
	r.frozen = false
	r.normal = append(r.normal, v)
	return false
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

func TestBaselineRefusesABadConfig(t *testing.T) {
	t.Parallel()
	_, err := checks.Baseline("x", nil, checks.BaselineConfig{
		Window: -1, MinSamples: -1, Factor: 1, Deviations: -1, Floor: math.NaN(), DownFactor: 1, MaxFrozen: -1,
	})
	for _, field := range strings.Fields("measure Window MinSamples Factor Deviations Floor DownFactor MaxFrozen") {
		requireRefused(t, err, field+" must")
	}
}
