package resilience_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core/resilience"
)

func TestLatenciesEstimateAQuantileToASixteenth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.SampledFrom([]float64{0.01, 0.5, 0.9, 0.95, 0.999}).Draw(t, "quantile")
		all := rapid.SliceOfN(rapid.OneOf(
			rapid.Int64Range(0, 100), rapid.Int64Range(0, int64(time.Minute)), rapid.Int64Range(0, math.MaxInt64),
		), 1, 60).Draw(t, "durations")
		l := resilience.NewLatencies(q, len(all))
		for _, d := range all {
			if l.Value() != 0 {
				t.Fatalf("estimate from too few: %v", l.Value())
			}
			l.Add(time.Duration(d))
		}
		slices.Sort(all)
		want := max(all[int(math.Ceil(q*float64(len(all))))-1], 1)
		if got := int64(l.Value()); got < want || float64(got) > float64(want)*(1+1.0/16) {
			t.Fatalf("quantile %v is %v, want %v and at most a sixteenth more", q, got, want)
		}
	})
}

func TestLatenciesForgetWhatIsOld(t *testing.T) {
	t.Parallel()
	l := resilience.NewLatencies(0.95, 10)
	for range 1000 {
		l.Add(time.Hour)
	}
	for range 200 {
		l.Add(time.Second)
	}
	if got := l.Value(); got > 2*time.Second {
		t.Errorf("got %v after 200 durations of 1s", got)
	}
	l.Add(-1) // the clock is monotonic, but who knows
}
