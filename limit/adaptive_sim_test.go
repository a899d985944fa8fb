package limit_test

import (
	"context"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// server works on so many tasks at the same time, the others wait in order. How long a task takes is
// random, with the mean given.
type server struct {
	slots   chan struct{}
	mean    atomic.Int64 // ns
	spread  float64      // sigma of the logarithm
	timeout atomic.Int64 // ns; 0 is none
	served  atomic.Int64
}

func newServer(capacity int, mean time.Duration, spread float64) *server {
	s := &server{slots: make(chan struct{}, capacity), spread: spread}
	s.mean.Store(int64(mean))
	return s
}

// occupy takes n of the server's slots away.
func (s *server) occupy(n int) {
	for range n {
		s.slots <- struct{}{}
	}
}

// vacate gives them back.
func (s *server) vacate(n int) {
	for range n {
		<-s.slots
	}
}

func (s *server) work(ctx context.Context, random *rand.Rand) error {
	if timeout := s.timeout.Load(); timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(timeout))
		defer cancel()
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.slots }()
	factor := math.Exp(random.NormFloat64()*s.spread - s.spread*s.spread/2)
	select {
	case <-time.After(time.Duration(float64(s.mean.Load()) * factor)):
		s.served.Add(1)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// simulate has clients call the server through an adaptive limit while script runs, in a bubble.
func simulate(t *testing.T, cfg limit.AdaptiveConfig, s func() *server, clients int, script func(a *limit.Adaptive, s *server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Wait = true
		a := newAdaptive(t, cfg)
		s := s()
		ctx, stop := context.WithCancel(t.Context())
		for i := range clients {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			go func() {
				for ctx.Err() == nil {
					_ = a.Do(ctx, func(ctx context.Context) error { return s.work(ctx, random) })
				}
			}()
		}
		script(a, s)
		stop()
		synctest.Wait()
		if got := a.Stats().InUse; got != 0 {
			t.Errorf("%d permits are lost", got)
		}
	})
}

// average watches the limit for d and gives its mean and its extremes.
func average(a *limit.Adaptive, d time.Duration) (mean float64, low, high int) {
	const every = 50 * time.Millisecond
	low = math.MaxInt
	n := int(d / every)
	for range n {
		<-time.After(every)
		l := a.Stats().Burst
		mean += float64(l) / float64(n)
		low, high = min(low, l), max(high, l)
	}
	return mean, low, high
}

// expect fails unless the limit's mean is between low and high times the capacity.
func expect(t *testing.T, when string, a *limit.Adaptive, capacity int, d time.Duration, low, high float64) {
	t.Helper()
	mean, least, most := average(a, d)
	t.Logf("%-24s %.1f, from %d to %d", when, mean, least, most)
	if c := float64(capacity); mean < low*c || mean > high*c {
		t.Errorf("%s: the limit is %.1f on average, for a capacity of %d", when, mean, capacity)
	}
}

func TestAdaptiveFindsTheCapacityOfANoisyServerAndFollowsIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		capacity int
		spread   float64
	}{
		"5, without noise":    {5, 0},
		"5, with noise":       {5, 0.3},
		"20, without noise":   {20, 0},
		"20, with noise":      {20, 0.3},
		"20, with much noise": {20, 0.8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := func() *server { return newServer(c.capacity, 50*time.Millisecond, c.spread) }
			simulate(t, limit.AdaptiveConfig{}, s, 5*c.capacity, func(a *limit.Adaptive, s *server) {
				<-time.After(20 * time.Second)
				expect(t, "at first", a, c.capacity, 20*time.Second, 0.8, 2.2)
				s.mean.Store(int64(150 * time.Millisecond))
				<-time.After(20 * time.Second)
				expect(t, "latency three times", a, c.capacity, 20*time.Second, 0.8, 1.8)
				s.mean.Store(int64(50 * time.Millisecond))
				<-time.After(60 * time.Second)
				expect(t, "latency as before", a, c.capacity, 20*time.Second, 0.8, 2.2)
				s.occupy(c.capacity * 3 / 5)
				<-time.After(20 * time.Second)
				expect(t, "an incident", a, c.capacity, 20*time.Second, 0.2, 1)
				<-time.After(2 * time.Minute)
				expect(t, "a long incident", a, c.capacity, 20*time.Second, 0.2, 1)
				s.vacate(c.capacity * 3 / 5)
				<-time.After(20 * time.Second)
				expect(t, "after it", a, c.capacity, 20*time.Second, 0.8, 2.2)
			})
		})
	}
}

func TestAdaptiveKeepsTheServerBusy(t *testing.T) {
	t.Parallel()
	s := func() *server { return newServer(20, 50*time.Millisecond, 0.3) }
	simulate(t, limit.AdaptiveConfig{}, s, 100, func(_ *limit.Adaptive, s *server) {
		<-time.After(5 * time.Second)
		before := s.served.Load()
		<-time.After(time.Minute)
		if got := s.served.Load() - before; got < 60*20*20*9/10 {
			t.Errorf("served %d, the server can do %d", got, 60*20*20)
		}
	})
}

func TestAdaptiveStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	s := func() *server { return newServer(40, 50*time.Millisecond, 0.3) }
	simulate(t, limit.AdaptiveConfig{Min: 5, Initial: 10, Max: 30}, s, 60, func(a *limit.Adaptive, s *server) {
		<-time.After(10 * time.Second)
		if mean, _, high := average(a, 30*time.Second); high > 30 || mean < 25 {
			t.Errorf("at most %d, on average %.1f; want nearly 30", high, mean)
		}
		s.timeout.Store(int64(20 * time.Millisecond))
		<-time.After(10 * time.Second)
		if _, low, high := average(a, 10*time.Second); low != 5 || high != 5 {
			t.Errorf("nothing works: from %d to %d, want 5", low, high)
		}
		s.timeout.Store(0)
		<-time.After(10 * time.Second)
		if mean, _, high := average(a, 30*time.Second); high > 30 || mean < 25 {
			t.Errorf("all is well again: at most %d, on average %.1f; want nearly 30", high, mean)
		}
	})
}

func TestAdaptiveShrinksAboveTheHighestHealthyLatency(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []limit.Algorithm{limit.Gradient2, limit.AIMD} {
		t.Run(algorithm.String(), func(t *testing.T) {
			t.Parallel()
			cfg := limit.AdaptiveConfig{Algorithm: algorithm, MaxHealthyLatency: 100 * time.Millisecond}
			s := func() *server { return newServer(20, 50*time.Millisecond, 0.3) }
			simulate(t, cfg, s, 100, func(a *limit.Adaptive, s *server) {
				<-time.After(20 * time.Second)
				expect(t, "healthy", a, 20, 20*time.Second, 0.8, 2.2)
				s.mean.Store(int64(200 * time.Millisecond)) // whatever the limit is
				<-time.After(2 * time.Minute)
				expect(t, "unhealthy", a, 20, 20*time.Second, 0, 0.1)
				s.mean.Store(int64(50 * time.Millisecond))
				<-time.After(20 * time.Second)
				expect(t, "healthy again", a, 20, 20*time.Second, 0.8, 2.2)
			})
		})
	}
}

func TestAdaptiveDoesNotGrowWhenItIsNotNeeded(t *testing.T) {
	t.Parallel()
	s := func() *server { return newServer(100, 50*time.Millisecond, 0.3) }
	for _, algorithm := range []limit.Algorithm{limit.Gradient2, limit.AIMD} {
		simulate(t, limit.AdaptiveConfig{Algorithm: algorithm}, s, 8, func(a *limit.Adaptive, _ *server) {
			if _, low, high := average(a, time.Minute); low != 20 || high != 20 {
				t.Errorf("%v: from %d to %d; 8 are in flight of 20, so nothing can be known", algorithm, low, high)
			}
		})
	}
}
