package resilience_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

func TestBreakerThroughAnOutageWithAThousandCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers, from, to, end = 1000, 30 * time.Second, 60 * time.Second, 90 * time.Second
		start := time.Now()
		b := newBreaker(t, resilience.BreakerConfig{Window: 10 * time.Second, OpenFor: 5 * time.Second})
		var outage, probing atomic.Int64 // probes that found the dependency down; probes running
		var opened, closed time.Duration
		go func() { // notes when the state changes, to 10 ms
			for now := time.Duration(0); now < end; now = time.Since(start) {
				switch b.State() {
				case resilience.Open:
					if opened == 0 {
						opened = now
					}
					closed = 0
				case resilience.Closed:
					if opened > 0 && closed == 0 {
						closed = now
					}
				case resilience.HalfOpen:
				}
				<-time.After(10 * time.Millisecond)
			}
		}()
		call := func() {
			ticket, err := b.Admit(t.Context())
			if err != nil {
				return
			}
			down := time.Since(start) >= from && time.Since(start) < to
			probe := resilience.Probing(b, ticket)
			if n := probing.Add(oneIf(probe)); n > 1 {
				t.Errorf("%d probes at a time", n)
			}
			outage.Add(oneIf(down && probe))
			<-time.After(20 * time.Millisecond)
			probing.Add(-oneIf(probe))
			if down {
				err = errDown
			}
			b.Done(ticket, err)
		}
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				<-time.After(rand.N(time.Second))
				for time.Since(start) < end {
					call()
					<-time.After(980 * time.Millisecond)
				}
			})
		}
		wg.Wait()
		if opened < from || opened > from+10*time.Second {
			t.Errorf("opened after %v, want within a window from %v", opened, from)
		}
		if closed < to || closed > to+6*time.Second {
			t.Errorf("closed for good after %v, want within OpenFor and its jitter from %v", closed, to)
		}
		if n := outage.Load(); n < 4 || n > 8 { // a probe each 4.5 s to 5.5 s, as soon as someone calls
			t.Errorf("%d calls reached a dependency known to be down, want one each 5s", n)
		}
		t.Logf("opened %v into the outage, closed %v after it, %d probes", opened-from, closed-to, outage.Load())
	})
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func TestBreakerLosesNoCallUnderRaces(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]resilience.BreakerConfig{
		"by rate":        {MinCalls: 3, Window: 10 * time.Millisecond, OpenFor: time.Microsecond, Probes: 2, ProbeSuccesses: 3},
		"by slow calls":  {MinCalls: 3, Window: 10 * time.Millisecond, SlowCall: time.Millisecond, OpenFor: time.Microsecond},
		"in a row":       {Consecutive: 2, OpenFor: time.Microsecond},
		"opens for long": {MinCalls: 50, FailureRate: 0.6, OpenFor: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const callers, calls = 32, 4000
			b := newBreaker(t, cfg)
			probes := int64(max(cfg.Probes, 1))
			var halfOpen sync.Map // generation: probes running in it
			var wg sync.WaitGroup
			var admitted, rejected atomic.Int64
			for range callers {
				wg.Go(func() {
					for i := range calls {
						ticket, err := b.Admit(t.Context())
						if err != nil {
							rejected.Add(1)
							continue
						}
						admitted.Add(1)
						running := new(atomic.Int64)
						if resilience.Probing(b, ticket) {
							v, _ := halfOpen.LoadOrStore(ticket.ID, running)
							running = v.(*atomic.Int64)
						}
						if n := running.Add(1); n > probes {
							t.Errorf("%d probes at a time, want at most %d", n, probes)
						}
						running.Add(-1)
						if i%1000 == 0 {
							b.Reset(t.Context())
						}
						b.Done(ticket, [...]error{nil, errDown, errDown, context.Canceled}[rand.IntN(4)])
					}
				})
			}
			wg.Wait()
			s := b.Stats()
			if got := s.Successes + s.Failures + s.Ignored + s.Stale; got != admitted.Load() {
				t.Errorf("%d calls ended, %d were admitted: %+v", got, admitted.Load(), s)
			}
			if s.Rejected != rejected.Load() || s.Rejected+admitted.Load() != callers*calls {
				t.Errorf("%d rejections counted, %d seen", s.Rejected, rejected.Load())
			}
		})
	}
}

func TestBreakerKeepsASlotForNoOneWhoPanicked(t *testing.T) {
	t.Parallel()
	b := newBreaker(t, resilience.BreakerConfig{Consecutive: 1, OpenFor: time.Microsecond, Probes: 3})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				func() {
					defer func() { _ = recover() }()
					_ = b.Do(t.Context(), func(context.Context) error { panic("no") })
				}()
			}
		})
	}
	wg.Wait()
	for i := 0; b.State() != resilience.Closed; i++ { // each probe that is let through closes it
		if err := b.Do(t.Context(), well); err != nil && !errors.Is(err, core.ErrRejected) || i > 1e6 {
			t.Fatalf("got %v after %d calls", err, i)
		}
	}
}
