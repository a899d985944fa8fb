package flowredis_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
)

const simLimit = 1000 // permits a second, of five regions

// world is five regions of two processes each.
func world(seed uint64, drift float64, stalls bool) *flowredis.World {
	return flowredis.NewWorld(flowredis.WorldConfig{
		Seed: seed, Limit: simLimit, Burst: 100, Regions: 5, Processes: 2, Loan: 500 * time.Millisecond, Drift: drift, Stalls: stalls,
	})
}

// seeds are for simulations, so many. What fails says which one it was.
func seeds(n int) []uint64 {
	all := make([]uint64, n)
	for i := range all {
		all[i] = rand.Uint64()
	}
	return all
}

// bounded ends a world, and checks that there never was more than the limit.
func bounded(t *testing.T, seed uint64, w *flowredis.World) {
	t.Helper()
	w.End()
	if w.Peak > 1+1e-9 {
		t.Errorf("seed %d: the regions had %.6f of the limit, want no more than it at any instant", seed, w.Peak)
	}
	if w.Excess > 1e-6 {
		t.Errorf("seed %d: %.3f permits above burst + rate*t", seed, w.Excess)
	}
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
			w.Step(one, time.Duration(rng.Int64N(int64(4*time.Second)))-2*time.Second)
		}
	default:
		w.Heal()
	}
}

func TestRegionsNeverHaveMoreThanTheLimitWhateverHappens(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(4) {
		for _, steps := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := world(seed, 0.02, true)
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
				bounded(t, seed, w)
				if w.Admitted < 3000 {
					t.Errorf("seed %d: %v permits, want a simulation that admits", seed, w.Admitted)
				}
			})
		}
	}
}

func TestRegionsUseTheLimitWhereverTheDemandIs(t *testing.T) {
	t.Parallel()
	for _, demand := range [][]float64{
		{3000, 10, 10, 10, 10},
		{1500, 150, 150, 150, 150},
		{900, 192, 192, 192, 192},
		{0, 0, 800, 800, 0},
		{600, 400, 200, 100, 50},
		{250, 250, 250, 250, 250},
	} {
		for _, seed := range seeds(1) {
			synctest.Test(t, func(t *testing.T) {
				w := world(seed, 0.001, false)
				defer w.End()
				for shift := range 3 {
					shifted := slices.Concat(demand[shift:], demand[:shift])
					w.Demand(shifted...)
					w.Run(2 * time.Second)
					before := w.Admitted
					w.Run(10 * time.Second)
					used := (w.Admitted - before) / (10 * simLimit)
					t.Logf("seed %d: %v: %.3f of the limit used", seed, shifted, used)
					if used < 0.95 {
						t.Errorf("seed %d: %v: %.3f of the limit used, want 0.95 at the least", seed, shifted, used)
					}
				}
				bounded(t, seed, w)
			})
		}
	}
}

func TestRegionsThatAreCutOffHaveTheirOwnSharesWithinASecond(t *testing.T) {
	t.Parallel()
	for kind, name := range []string{1: "refused", 2: "lost", 3: "answers lost"} {
		if name == "" {
			continue
		}
		for _, seed := range seeds(3) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { cutOff(t, seed, kind) })
			})
		}
	}
}

// cutOff cuts a region off that borrows from all others, and then the link of two.
func cutOff(t *testing.T, seed uint64, kind int) {
	t.Helper()
	w := world(seed, 0.001, false)
	defer w.End()
	w.Demand(3000, 20, 20, 20, 20)
	for _, peers := range [][]int{{1, 2, 3, 4}, {2}} {
		w.Heal()
		w.Run(3 * time.Second)
		for _, to := range peers {
			if lent, borrowed := w.Lent(to, 0); lent < 0.7 || borrowed < 0.7 {
				t.Errorf("seed %d: region %d lent %.3f and %.3f was borrowed, want most of it", seed, to, lent, borrowed)
			}
			w.Fault(0, to, kind)
			w.Fault(to, 0, kind)
		}
		w.Run(time.Second)
		for _, to := range peers {
			if lent, borrowed := w.Lent(to, 0); lent != 0 || borrowed != 0 {
				t.Errorf("seed %d: a second after the cut region %d lends %.3f, of which %.3f is borrowed", seed, to, lent, borrowed)
			}
		}
		w.Run(2 * time.Second)
	}
	bounded(t, seed, w)
}

func TestRegionsThatLoseTheirLedgersHaveHardlyMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(4) {
		synctest.Test(t, func(t *testing.T) {
			w := world(seed, 0.001, false)
			defer w.End()
			w.Demand(3000, 20, 20, 20, 20)
			w.Run(3 * time.Second)
			for range 20 {
				w.Lose(w.Rand().IntN(5))
				w.Run(time.Duration(200+w.Rand().IntN(2000)) * time.Millisecond)
			}
			w.End()
			t.Logf("seed %d: at most %.4f of the limit, %.2f permits above it", seed, w.Peak, w.Excess)
			// Only what was lent anew since a process looked may be had twice, for a loan's time.
			if w.Peak > 1.2 || w.Excess > 0.2*simLimit*0.66 {
				t.Errorf("seed %d: the regions had %.4f of the limit, and %.2f permits too many", seed, w.Peak, w.Excess)
			}
		})
	}
}
