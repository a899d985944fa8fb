package limittest

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// row is one promise, and how it is checked.
type row struct {
	name  string
	check func(s *subject)
}

var rows = []row{
	{"starts full", startsFull},
	{"is all or nothing", isAllOrNothing},
	{"takes nothing when it denies", deniedTakesNothing},
	{"refuses numbers of permits that make no sense", refusesNonsense},
	{"tells exactly when to retry", retryAfterIsExact},
	{"tells exactly when one more comes", nextAfterIsExact},
	{"tells exactly when it is full again", resetAfterIsExact},
	{"tells how many remain", remainingIsRight},
	{"never holds more than the burst", neverAboveBurst},
	{"gives permits back at the rate", paysBackAtTheRate},
	{"never gives many goroutines more than its rate and burst", holdsAgainstMany},
	{"is not broken by a context that has ended", survivesEndedContext},
}

func startsFull(s *subject) {
	d := s.drain()
	if d.Remaining != 0 {
		s.tb.Errorf("Remaining is %d after the whole burst was taken, want 0", d.Remaining)
	}
	if !s.near(d.ResetAfter, burst*s.interval) || !s.near(d.NextAfter, s.interval) {
		s.tb.Errorf("empty: NextAfter %v and ResetAfter %v, want %v and %v", d.NextAfter, d.ResetAfter, s.interval, burst*s.interval)
	}
	s.denied(1, d.before, s.interval-s.slack(), "empty")
}

func isAllOrNothing(s *subject) {
	d := s.allowed(burst-1, "a new limiter is full")
	s.denied(2, d.before, s.interval-s.slack(), "one is left")
	s.allowed(1, "one was left, and the denial of two took none of it")
}

func deniedTakesNothing(s *subject) {
	d := s.drain()
	for range 20 {
		s.denied(1, d.before, s.interval-s.slack(), "empty")
		s.denied(burst, d.before, s.interval-s.slack(), "empty")
	}
	s.probe(1, d, s.interval, "the time of the first permit, after many denials")
}

func refusesNonsense(s *subject) {
	for _, n := range []int{0, -1, math.MinInt, burst + 1, math.MaxInt32, math.MaxInt} {
		d, err := s.limiter.Take(context.Background(), n)
		if !errors.Is(err, core.ErrInvalid) {
			s.tb.Errorf("Take(%d) gave error %v, want one that matches core.ErrInvalid", n, err)
		}
		if got := errors.Is(err, limit.ErrExceedsBurst); got != (n > burst) {
			s.tb.Errorf("Take(%d) gave error %v; that it matches limit.ErrExceedsBurst is %v", n, err, got)
		}
		if d.Allowed {
			s.tb.Errorf("Take(%d) was allowed", n)
		}
	}
	s.allowed(burst, "refusals took nothing")
}

func retryAfterIsExact(s *subject) {
	for n := 1; n <= burst; n++ {
		d := s.take(n)
		for range burst {
			if d.Allowed {
				d = s.take(n)
			}
		}
		if d.Allowed {
			s.tb.Fatalf("Take(%d) was allowed %d times in a row", n, burst+1)
		}
		s.probe(n, d, d.RetryAfter, "RetryAfter")
	}
}

func nextAfterIsExact(s *subject) {
	s.allowed(3, "a new limiter is full")
	pause(s.interval / 3)
	d := s.allowed(1, "two are left")
	s.probe(d.Remaining+1, d, d.NextAfter, "NextAfter")
}

func resetAfterIsExact(s *subject) {
	s.allowed(2, "a new limiter is full")
	pause(s.interval / 3)
	d := s.allowed(1, "three are left")
	s.probe(burst, d, d.ResetAfter, "ResetAfter")
}

func remainingIsRight(s *subject) {
	first := s.allowed(1, "a new limiter is full")
	for want := burst - 1; want > 0; want-- {
		d := s.denied(burst, first.before, s.interval-s.slack(), "some are taken")
		if d.Allowed {
			return // in real time, the machine was busy for so long
		}
		if d.Remaining < want || d.Remaining > want && !s.real {
			s.tb.Fatalf("Remaining is %d, want %d", d.Remaining, want)
		}
		s.allowed(1, "it was among those that remain")
	}
}

func neverAboveBurst(s *subject) {
	s.drain()
	idle := time.Duration(1_000_000) * s.interval
	if s.real {
		idle = 3 * burst * s.interval
	}
	pause(idle)
	d := s.allowed(burst, "it had the time to fill")
	s.denied(1, d.before, s.interval-s.slack(), "more than the burst after a long time")
}

func paysBackAtTheRate(s *subject) {
	last := s.drain()
	began, got := last.before, 0
	for asked := 0; got < 3*burst; asked++ {
		if asked > 10*burst {
			s.tb.Fatalf("%d permits in %v, asked for whenever RetryAfter said so", got, last.after.Sub(began))
		}
		pause(time.Until(last.after.Add(last.RetryAfter + s.slack())))
		if last = s.take(1); last.Allowed {
			got++
		}
		if earned := int(last.after.Sub(began)/s.interval) + 1; s.real && got > earned || !s.real && got > earned-1 {
			s.tb.Fatalf("%d permits in %v, one comes every %v", got, last.after.Sub(began), s.interval)
		}
	}
	if late := last.after.Sub(began) - 3*burst*s.interval; !s.real && late > 0 {
		s.tb.Errorf("%d permits came %v late", got, late)
	}
}

// holdsAgainstMany lets many goroutines ask for permits of different numbers, again and again.
func holdsAgainstMany(s *subject) {
	var got atomic.Int64
	began := time.Now()
	for range 10 {
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				n := 1 + i%2
				if d, err := s.limiter.Take(context.Background(), n); err == nil && d.Allowed {
					got.Add(int64(n))
				}
			})
		}
		all.Wait()
		took := time.Since(began)
		bound := burst + int64((took+s.slack())/s.interval)
		if got.Load() > bound {
			s.tb.Fatalf("%d permits in %v, want at most %d", got.Load(), took, bound)
		}
		pause(s.interval + s.interval/2)
	}
	if got.Load() < burst {
		s.tb.Errorf("%d permits altogether, want at least the burst of %d", got.Load(), burst)
	}
}

func survivesEndedContext(s *subject) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := 0
	for range burst + 1 {
		d, err := s.limiter.Take(ctx, 1)
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, core.ErrRejected) {
			s.tb.Errorf("with an ended context: %v, which does not wrap its end", err)
		}
		if err == nil && d.Allowed {
			got++
		}
	}
	if got > burst {
		s.tb.Errorf("%d permits with an ended context, want at most the burst of %d", got, burst)
	}
	pause(burst*s.interval + s.slack())
	s.allowed(burst, "it had the time to fill after calls with an ended context")
}
