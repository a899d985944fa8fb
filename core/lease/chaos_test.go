package lease_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/lease"
)

// flaky is a store behind a bad network: requests are lost before or after they are carried out, or hang.
type flaky struct {
	lease.Store
	mu  sync.Mutex
	rng *rand.Rand
}

func (f *flaky) roll() (fate int, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rng.IntN(10), time.Duration(f.rng.IntN(500)) * time.Millisecond
}

// send has a request meet its fate.
func (f *flaky) send(ctx context.Context, carryOut func() error) error {
	fate, delay := f.roll()
	pass(delay)
	switch fate {
	case 0:
		return errors.New("refused")
	case 1:
		return hang(ctx)
	}
	err := carryOut()
	switch fate {
	case 2:
		return errors.New("reset")
	case 3:
		return hang(ctx)
	}
	return err
}

func (f *flaky) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (g lease.Grant, err error) {
	err = f.send(ctx, func() error { g, err = f.Store.Acquire(ctx, key, owner, ttl); return err })
	return g, err
}

func (f *flaky) Extend(ctx context.Context, key, owner string, ttl time.Duration) (ok bool, err error) {
	err = f.send(ctx, func() error { ok, err = f.Store.Extend(ctx, key, owner, ttl); return err })
	return ok, err
}

func (f *flaky) Release(ctx context.Context, key, owner string, keep time.Duration) (ok bool, err error) {
	err = f.send(ctx, func() error { ok, err = f.Store.Release(ctx, key, owner, keep); return err })
	return ok, err
}

// Five electors behind bad networks, for an hour: no two trust their terms at the same time, and tokens rise.
func TestNoTwoLeadersTrustTheirTermsBehindABadNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seed := rand.Uint64()
		store := lease.NewMemory()
		var electors []*lease.Elector
		for i := range 5 {
			e := newElector(t, &flaky{Store: store, rng: rand.New(rand.NewPCG(seed, uint64(i)))})
			start(t, e)
			electors = append(electors, e)
		}
		var highest uint64
		led := 0
		for range 36_000 {
			pass(100 * time.Millisecond)
			leading := 0
			for _, e := range electors {
				if term, ok := e.Leader(); ok {
					leading++
					if term.Token() < highest {
						t.Fatalf("seed %d: a leader has token %d after %d", seed, term.Token(), highest)
					}
					highest = term.Token()
				}
			}
			if led += leading; leading > 1 {
				t.Fatalf("seed %d: %d lead at the same time", seed, leading)
			}
		}
		if led < 18_000 {
			t.Errorf("seed %d: one led in %d of 36000 looks, want most", seed, led)
		}
		for _, e := range electors {
			stop(t, e)
		}
	})
}

// Four replicas behind bad networks: each occurrence runs, though perhaps again when a lease is lost.
func TestEveryOccurrenceRunsBehindABadNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seed := rand.Uint64()
		store := lease.NewMemory()
		var mu sync.Mutex
		runs := map[time.Time]int{}
		var wg sync.WaitGroup
		for i := range 4 {
			once := lease.Once(newLocker(t, &flaky{Store: store, rng: rand.New(rand.NewPCG(seed, uint64(i)))}, short))
			wg.Go(func() {
				for n := range 50 {
					at := due.Add(time.Duration(n) * 5 * time.Minute)
					pass(time.Until(at))
					err := once.Do(occurrence(t.Context(), at), func(context.Context) error {
						mu.Lock()
						defer mu.Unlock()
						runs[at]++
						return nil
					})
					if err != nil && !errors.Is(err, lease.ErrDone) {
						t.Errorf("seed %d: %v", seed, err)
					}
				}
			})
		}
		wg.Wait()
		total := 0
		for _, n := range runs {
			total += n
		}
		if len(runs) != 50 || total > 55 {
			t.Errorf("seed %d: %d of 50 occurrences ran, %d times in all", seed, len(runs), total)
		}
	})
}
