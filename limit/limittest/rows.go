package limittest

import (
	"cmp"
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
	name    string
	permits int // that burst must have, for the promise to say anything
	check   func(s *subject)
	loosely func(s *subject) // of an approximate limiter; nil when it does not promise this
}

var rows = []row{
	{"starts full", 1, startsFull, startsNearlyFull},
	{"is all or nothing", 2, isAllOrNothing, nil},
	{"takes nothing when it denies", 1, deniedTakesNothing, deniedTakesNothingAtAll},
	{"refuses numbers of permits that make no sense", 1, refusesNonsense, refusesNonsense},
	{"tells exactly when to retry", 1, retryAfterIsExact, nil},
	{"tells exactly when one more comes", 1, nextAfterIsExact, nil},
	{"tells exactly when it is full again", 1, resetAfterIsExact, nil},
	{"tells how many remain", 1, remainingIsRight, nil},
	{"never holds more than the burst", 1, neverAboveBurst, neverAboveBurstByOnes},
	{"gives permits back at the rate", 1, paysBackAtTheRate, paysBackNearTheRate},
	{"holds its bound in every stretch of time", 1, holdsInEveryStretch, holdsInEveryStretch},
	{"never gives many goroutines more than its rate and burst", 1, holdsAgainstMany, holdsAgainstMany},
	{"is not broken by a context that has ended", 1, survivesEndedContext, survivesEndedContext},
}

// promised gives the check that fits what a limiter promises; nil for none.
func (r row) promised(o options) func(s *subject) {
	switch {
	case o.burst < r.permits:
		return nil
	case o.least > 0:
		return r.loosely
	}
	return r.check
}

func startsFull(s *subject) {
	d := s.drain()
	if d.Remaining != 0 {
		s.tb.Errorf("Remaining is %d after the whole burst was taken, want 0", d.Remaining)
	}
	if s.stretch == 0 && (!s.near(d.ResetAfter, s.window()) || !s.near(d.NextAfter, s.interval)) {
		s.tb.Errorf("empty: NextAfter %v and ResetAfter %v, want %v and %v", d.NextAfter, d.ResetAfter, s.interval, s.window())
	}
	s.denied(1, d.before, s.next(d)-s.slack(), "empty")
}

func isAllOrNothing(s *subject) {
	d := s.allowed(s.burst-1, "a new limiter is full")
	if s.denied(2, d.before, s.next(d)-s.slack(), "one is left").Allowed {
		return // in real time, the machine was busy for so long
	}
	s.allowed(1, "one was left, and the denial of two took none of it")
}

func deniedTakesNothing(s *subject) {
	d := s.drain()
	for range 20 {
		for _, n := range []int{1, s.burst} {
			if s.denied(n, d.before, s.next(d)-s.slack(), "empty").Allowed {
				return // in real time, the machine was busy for so long
			}
		}
	}
	s.probe(1, d, s.next(d), "the time of the first permit, after many denials")
}

func refusesNonsense(s *subject) {
	for _, n := range []int{0, -1, math.MinInt, s.burst + 1, math.MaxInt32, math.MaxInt} {
		d, err := s.limiter.Take(context.Background(), n)
		if !errors.Is(err, core.ErrInvalid) {
			s.tb.Errorf("Take(%d) gave error %v, want one that matches core.ErrInvalid", n, err)
		}
		if got := errors.Is(err, limit.ErrExceedsBurst); got != (n > s.burst) {
			s.tb.Errorf("Take(%d) gave error %v; that it matches limit.ErrExceedsBurst is %v", n, err, got)
		}
		if d.Allowed {
			s.tb.Errorf("Take(%d) was allowed", n)
		}
	}
	s.allowed(s.surely(), "refusals took nothing")
}

func retryAfterIsExact(s *subject) {
	for n := 1; n <= s.burst; n++ {
		began, got := time.Now(), 0
		d := s.take(n)
		for d.Allowed {
			if got += n; got > s.most(time.Since(began)+s.slack()) {
				s.tb.Fatalf("Take(%d) gave %d permits in a row, want at most those of a burst", n, got)
			}
			d = s.take(n)
		}
		s.probe(n, d, d.RetryAfter, "RetryAfter")
	}
}

func nextAfterIsExact(s *subject) {
	s.some(s.burst - 2)
	d := s.allowed(1, "there are more")
	s.probe(d.Remaining+1, d, d.NextAfter, "NextAfter")
}

func resetAfterIsExact(s *subject) {
	s.some(min(2, s.burst-1))
	d := s.allowed(1, "there are more")
	s.probe(s.burst, d, d.ResetAfter, "ResetAfter")
}

// some takes n permits of a new limiter, if that is any, and lets a third of an interval pass.
func (s *subject) some(n int) {
	s.tb.Helper()
	if n > 0 {
		s.allowed(n, "a new limiter is full")
	}
	pause(s.interval / 3)
}

func remainingIsRight(s *subject) {
	first := s.allowed(1, "a new limiter is full")
	for want := s.burst - 1; want > 0; want-- {
		d := s.denied(s.burst, first.before, s.next(first)-s.slack(), "some are taken")
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
	pause(s.idle())
	d := s.allowed(s.burst, "it had the time to fill")
	s.denied(1, d.before, s.next(d)-s.slack(), "more than the burst after a long time")
}

func paysBackAtTheRate(s *subject) {
	last := s.drain()
	began, got := last.before, 0
	for asked := 0; got < 3*s.burst; asked++ {
		if asked > 10*s.burst {
			s.tb.Fatalf("%d permits in %v, asked for whenever RetryAfter said so", got, last.after.Sub(began))
		}
		pause(time.Until(last.after.Add(last.RetryAfter + s.slack())))
		if last = s.take(1); last.Allowed {
			got++
		}
		if earned := s.most(last.after.Sub(began)) - s.burst; s.real && got > earned+1 || !s.real && got > earned {
			s.tb.Fatalf("%d permits in %v, want at most %d", got, last.after.Sub(began), earned)
		}
	}
	if late := last.after.Sub(began) - 3*s.refill(); !s.real && late > 0 {
		s.tb.Errorf("%d permits came %v late", got, late)
	}
}

// holdsInEveryStretch takes permits as soon as they are there, from a moment on that is no edge.
func holdsInEveryStretch(s *subject) {
	pause(s.window() * 7 / 10)
	var all []taken
	want := 4 * s.burst
	if s.real {
		want = 2 * s.burst
	}
	for asked := 0; len(all) < want && asked < 5*want; asked++ {
		d := s.take(1)
		if !d.Allowed {
			pause(cmp.Or(d.RetryAfter, s.interval/3))
			continue
		}
		all = append(all, d)
		for i := range all {
			if n, t := len(all)-i, d.after.Sub(all[i].before); n > s.most(t+s.slack()) {
				s.tb.Fatalf("%d permits in %v, want at most %d", n, t, s.most(t+s.slack()))
			}
		}
	}
}

// holdsAgainstMany lets many goroutines ask for permits of different numbers, again and again.
func holdsAgainstMany(s *subject) {
	var got atomic.Int64
	began := time.Now()
	for range 10 + s.burst/64 {
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
		bound := int64(s.most(took + s.slack()))
		if got.Load() > bound {
			s.tb.Fatalf("%d permits in %v, want at most %d", got.Load(), took, bound)
		}
		pause(s.interval + s.interval/2)
	}
	if got.Load() < int64(s.surely()) {
		s.tb.Errorf("%d permits altogether, want at least the %d of a full limiter", got.Load(), s.surely())
	}
}

func survivesEndedContext(s *subject) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	began, got := time.Now(), 0
	for range s.burst + 1 {
		d, err := s.limiter.Take(ctx, 1)
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, core.ErrRejected) {
			s.tb.Errorf("with an ended context: %v, which does not wrap its end", err)
		}
		if err == nil && d.Allowed {
			got++
		}
	}
	if most := s.most(time.Since(began) + s.slack()); got > most {
		s.tb.Errorf("%d permits with an ended context, want at most %d", got, most)
	}
	pause(s.refill() + s.slack())
	s.allowed(s.surely(), "it had the time to fill after calls with an ended context")
}
