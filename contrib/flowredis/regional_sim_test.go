package flowredis_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
)

const (
	simLimit = 1000                  // permits a second, of all regions
	simWay   = 60 * time.Millisecond // from one to another, a half more or less
)

// loans are what regions are simulated with. The longer one is nearly the longest with which a region has its own
// share within a second.
var loans = []time.Duration{500 * time.Millisecond, 600 * time.Millisecond}

// world is five regions of two processes each.
func world(seed uint64, loan time.Duration, drift float64, stalls bool) *flowredis.World {
	return flowredis.NewWorld(flowredis.WorldConfig{
		Seed: seed, Limit: simLimit, Burst: 100, Regions: 5, Processes: 2, Loan: loan, Way: simWay, Drift: drift, Stalls: stalls,
	})
}

// pair is two regions of two processes each.
func pair(seed uint64, loan, way time.Duration) *flowredis.World {
	return flowredis.NewWorld(flowredis.WorldConfig{
		Seed: seed, Limit: simLimit, Burst: 100, Regions: 2, Processes: 2, Loan: loan, Way: way, Drift: 0.02, Stalls: seed%2 == 0,
	})
}

// simulate runs a world for each of so many seeds, or as many as the environment says, one after the other. What
// fails says which one it was: the same seed is the same world again. Tests that simulate do not run beside others,
// which have servers that must answer in time; with the race detector they do half of it.
func simulate(t *testing.T, n int, run func(t *testing.T, i int, seed uint64, loan time.Duration)) {
	t.Helper()
	if raceEnabled {
		n = (n + 1) / 2
	}
	n = times(t, "GOFLOW_REGION_SEEDS", n)
	for i := range n {
		seed := rand.Uint64()
		synctest.Test(t, func(t *testing.T) { run(t, i, seed, loans[i%len(loans)]) })
	}
	t.Logf("%d seeds", n)
}

// bounded ends a world, and checks that there never was more than the limit. It gives the peak.
func bounded(t *testing.T, seed uint64, w *flowredis.World) float64 {
	t.Helper()
	w.End()
	if w.Peak > 1+1e-9 {
		t.Errorf("seed %d, %v: the regions had %.6f of the limit, want no more than it at any instant", seed, w.Loan, w.Peak)
	}
	if w.Excess > 1e-6 {
		t.Errorf("seed %d, %v: %.3f permits above burst + rate*t", seed, w.Loan, w.Excess)
	}
	return w.Peak
}

// spoil does something bad, or stops it.
func spoil(w *flowredis.World, steps bool) {
	rng := w.Rand()
	one, other, kind := rng.IntN(5), rng.IntN(5), 1+rng.IntN(3)
	switch rng.IntN(8) {
	case 0, 1: // a link, perhaps one way only
		w.Fault(one, other, kind)
		w.Fault(other, one, rng.IntN(2)*kind)
	case 2: // a region
		for i := range 5 {
			w.Fault(one, i, kind)
			w.Fault(i, one, kind)
		}
		w.Fault(one, one, 0)
	case 3: // everything
		for i := range 25 {
			if i/5 != i%5 {
				w.Fault(i/5, i%5, kind)
			}
		}
	case 4: // a region's own Redis
		w.Fault(one, one, kind)
	case 5:
		if steps {
			most := []time.Duration{2 * time.Second, 100 * time.Millisecond}[rng.IntN(2)]
			w.Step(one, time.Duration(rng.Int64N(2*int64(most)))-most)
		}
	default:
		w.Heal()
	}
}

func TestRegionsNeverHaveMoreThanTheLimitWhateverHappens(t *testing.T) {
	for _, steps := range []bool{false, true} {
		peak := 0.0
		simulate(t, 4, func(t *testing.T, _ int, seed uint64, loan time.Duration) {
			w := world(seed, loan, 0.02, true)
			defer w.End()
			for range 40 {
				rng := w.Rand()
				demand := make([]float64, 5)
				for i := range demand {
					demand[i] = simLimit * rng.ExpFloat64() * float64(rng.IntN(3)) / 3
				}
				w.Demand(demand...)
				spoil(w, steps)
				w.Run(time.Duration(100+rng.IntN(900)) * time.Millisecond)
			}
			peak = max(peak, bounded(t, seed, w))
			if w.Admitted < 1000 {
				t.Errorf("seed %d: %v permits, want a simulation that admits", seed, w.Admitted)
			}
		})
		t.Logf("clocks are set %v: at most %.6f of the limit at an instant", steps, peak)
	}
}

func TestRegionsThatHaveTheirClocksSetBackAgainAndAgainKeepTheLimit(t *testing.T) {
	peak := 0.0
	simulate(t, 4, func(t *testing.T, _ int, seed uint64, loan time.Duration) {
		w := pair(seed, loan, simWay)
		defer w.End()
		rng := w.Rand()
		w.Demand(3000, 20)
		for range 8 {
			w.Run(time.Second)
			for range 1000 {
				if rng.IntN(100) == 0 {
					w.Fault(0, 1, rng.IntN(4))
					w.Fault(1, 0, rng.IntN(4))
					w.Fault(0, 0, rng.IntN(4)*rng.IntN(2))
				}
				if rng.IntN(80) == 0 { // by little, which is hard to see
					w.Step(0, -time.Duration(rng.IntN(1+rng.IntN(150)))*time.Millisecond)
				}
				w.Run(time.Millisecond)
			}
			w.Heal()
		}
		peak = max(peak, bounded(t, seed, w))
	})
	t.Logf("at most %.6f of the limit at an instant", peak)
}

func TestRegionsUseTheLimitWhereverTheDemandIs(t *testing.T) {
	demands := [][]float64{
		{3000, 10, 10, 10, 10},
		{1500, 150, 150, 150, 150},
		{900, 192, 192, 192, 192},
		{0, 0, 800, 800, 0},
		{600, 400, 200, 100, 50},
		{250, 250, 250, 250, 250},
	}
	least, refused := 1.0, 0
	simulate(t, len(demands), func(t *testing.T, i int, seed uint64, loan time.Duration) {
		w := world(seed, loan, 0.001, false)
		defer w.End()
		for shift := range 3 {
			demand := demands[i%len(demands)]
			shifted := slices.Concat(demand[shift:], demand[:shift])
			w.Demand(shifted...)
			w.Run(2 * time.Second)
			before := w.Admitted
			w.Run(10 * time.Second)
			used := (w.Admitted - before) / (10 * simLimit)
			least = min(least, used)
			if used < 0.95 {
				t.Errorf("seed %d, %v: %v: %.3f of the limit used, want 0.95 at the least", seed, loan, shifted, used)
			}
		}
		bounded(t, seed, w)
		refused += w.Refused
	})
	t.Logf("at least %.4f of the limit used; %d questions refused", least, refused)
	if refused > 0 {
		t.Errorf("%d questions were refused though no message was lost", refused)
	}
}

func TestRegionsThatAreCutOffHaveTheirOwnSharesWithinASecond(t *testing.T) {
	var latest [2][4]time.Duration
	simulate(t, 9, func(t *testing.T, i int, seed uint64, loan time.Duration) {
		kind := 1 + i/len(loans)%3
		at := &latest[i%len(loans)][kind]
		*at = max(*at, cutOff(t, seed, loan, kind))
	})
	for i, loan := range loans {
		t.Logf("loans of %v: own shares %v after links refuse, %v after all is lost, %v after answers are", loan,
			latest[i][1], latest[i][2], latest[i][3])
	}
}

// cutOff cuts a region off that borrows from all others, and then the link of two. It gives when the last of them
// had its own share.
func cutOff(t *testing.T, seed uint64, loan time.Duration, kind int) (latest time.Duration) {
	t.Helper()
	w := world(seed, loan, 0.001, false)
	defer w.End()
	w.Demand(3000, 20, 20, 20, 20)
	for _, peers := range [][]int{{1, 2, 3, 4}, {2}} {
		w.Heal()
		w.Run(3 * time.Second)
		for _, to := range peers {
			if lent, borrowed := w.Lent(to, 0); lent < 0.7 || borrowed < 0.7 {
				t.Errorf("seed %d, %v: region %d lent %.3f and %.3f was borrowed, want most of it", seed, loan, to, lent, borrowed)
			}
			w.Fault(0, to, kind)
			w.Fault(to, 0, kind)
		}
		for at := range 1500 {
			w.Run(time.Millisecond)
			for _, to := range peers {
				if lent, borrowed := w.Lent(to, 0); lent+borrowed > 0 {
					latest = max(latest, time.Duration(at+1)*time.Millisecond)
				}
			}
		}
		w.Run(2 * time.Second)
	}
	if latest > time.Second {
		t.Errorf("seed %d, %v: own shares %v after the cut, want a second at the most", seed, loan, latest)
	}
	bounded(t, seed, w)
	return latest
}

func TestRegionsThatLoseTheirLedgersHaveHardlyMoreThanTheLimit(t *testing.T) {
	peak, excess := 0.0, 0.0
	simulate(t, 4, func(t *testing.T, _ int, seed uint64, loan time.Duration) {
		w := world(seed, loan, 0.001, false)
		defer w.End()
		w.Demand(3000, 20, 20, 20, 20)
		w.Run(3 * time.Second)
		for range 20 {
			w.Lose(w.Rand().IntN(5))
			w.Run(loan*3/2 + time.Duration(w.Rand().IntN(1500))*time.Millisecond) // one at a time
		}
		w.End()
		peak, excess = max(peak, w.Peak), max(excess, w.Excess)
		// Only what was lent anew since a process looked may be had twice, for a loan's time.
		if w.Peak > 1.2 || w.Excess > 0.2*simLimit*0.66 {
			t.Errorf("seed %d, %v: the regions had %.4f of the limit, and %.2f permits too many", seed, loan, w.Peak, w.Excess)
		}
	})
	t.Logf("at most %.4f of the limit at an instant, %.2f permits above it", peak, excess)
}
