package limit

import (
	"context"
	"errors"
	"math"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
	"github.com/goflow-go/goflow/telemetry"
)

// inflight is slots with a name, counters and telemetry: what [Concurrency] and [Adaptive] are made
// of.
type inflight struct {
	inst         instrument
	metrics      points
	rejected     atomic.Pointer[FullError] // of the limit in force, of who does not wait
	unqueued     atomic.Pointer[FullError] // of the limit in force, of who found the line full
	overReleased atomic.Int64
	denied       stripe.Counter

	slots     // ends with the word; what follows shares its cache line
	allowed   atomic.Int64
	delayed   atomic.Int64
	cancelled atomic.Int64
	more      atomic.Int64 // permits beyond the first of each decision
}

// init makes f ready.
func (f *inflight) init(name, algorithm string, limit int, in lineConfig, opts []Option) {
	f.inst = newInstrument(name, opts)
	f.inst.algorithm = algorithm
	f.metrics = f.inst.points()
	f.maxWaiters, f.reserved, f.step = in.maxWaiters, in.reserved, int64(in.step)
	f.word.Store(uint64(limit) << 32)
}

// admit takes one permit.
func (f *inflight) admit(ctx context.Context, wait bool) error {
	if wait {
		return f.acquire(ctx, 1)
	}
	return f.tryAcquire(ctx, 1)
}

func (f *inflight) tryAcquire(ctx context.Context, n int) error {
	if f.inst.scope.Traced(ctx) {
		return f.acquireTraced(ctx, n, false)
	}
	if _, ok := f.take(uint64(n)); ok {
		f.counted(n)
		return nil
	}
	_, err := f.tryNow(n)
	return err
}

func (f *inflight) acquire(ctx context.Context, n int) error {
	if f.inst.scope.Traced(ctx) {
		return f.acquireTraced(ctx, n, true)
	}
	if ctx.Err() == nil {
		if _, ok := f.take(uint64(n)); ok {
			f.counted(n)
			return nil
		}
	}
	_, err := f.tryLong(ctx, n)
	return err
}

// acquireTraced acquires with a span. That there is no room is no error of the span.
func (f *inflight) acquireTraced(ctx context.Context, n int, wait bool) error {
	start := clock.Now()
	var o outcome
	var err error
	if wait {
		o, err = f.tryLong(ctx, n)
	} else {
		o, err = f.tryNow(n)
	}
	failure := err
	if errors.Is(err, core.ErrRejected) {
		failure = nil
	}
	f.inst.trace(ctx, spanAcquire, start, observation{n: n, outcome: o}, failure)
	return err
}

// tryNow takes n permits if they are free.
func (f *inflight) tryNow(n int) (outcome, error) {
	if f.try(uint64(n)) {
		f.counted(n)
		return outcomeAllowed, nil
	}
	f.denied.Add(1)
	if limit := f.load().limit(); uint64(n)-1 >= limit {
		return outcomeDenied, f.permitsError(n, limit)
	}
	return outcomeDenied, f.full(&f.rejected, 0)
}

// tryLong takes n permits now or later.
func (f *inflight) tryLong(ctx context.Context, n int) (outcome, error) {
	if ctx.Err() != nil {
		f.denied.Add(1)
		return outcomeDenied, waitError(f.inst.name, context.Cause(ctx))
	}
	importance := importanceOf(ctx)
	if importance == Sheddable {
		return f.tryNow(n)
	}
	start := clock.Now()
	s := standingOf(ctx, importance)
	w, how := f.enter(start, uint64(n), s)
	switch how {
	case entered:
		f.counted(n)
		return outcomeAllowed, nil
	case inLine:
		return f.await(ctx, start, w)
	case lineFull:
		f.denied.Add(1)
		return outcomeDenied, f.full(&f.unqueued, f.places(s))
	case tooMany:
	}
	f.denied.Add(1)
	return outcomeDenied, f.permitsError(n, f.load().limit())
}

// await waits in line.
func (f *inflight) await(ctx context.Context, start int64, w *waiter) (o outcome, err error) {
	if f.left(ctx, w) {
		o, err = outcomeCancelled, waitError(f.inst.name, context.Cause(ctx))
	}
	switch {
	case err != nil:
		f.cancelled.Add(1)
	case w.tooMany:
		f.denied.Add(1)
		o, err = outcomeDenied, f.permitsError(int(w.n), f.load().limit())
	default:
		o = outcomeDelayed
		f.delayed.Add(1)
		f.countedMore(int(w.n))
	}
	f.inst.waited(ctx, clock.Now()-start, err)
	return o, err
}

// left blocks until w is out of line, and reports whether it left because ctx ended.
func (f *inflight) left(ctx context.Context, w *waiter) bool {
	done := ctx.Done()
	if done == nil {
		<-w.out // costs less than to select
		return false
	}
	select {
	case <-w.out:
		return false
	case <-done:
		return f.leave(w)
	}
}

// counted counts n permits that were free.
func (f *inflight) counted(n int) {
	f.allowed.Add(1)
	f.countedMore(n)
}

func (f *inflight) countedMore(n int) {
	if n > 1 {
		f.more.Add(int64(n - 1))
	}
}

// release gives n permits back and returns the word before.
func (f *inflight) release(n int) slotWord {
	if w := f.load(); !w.marked() && uint64(n)-1 < w.held() {
		if f.word.CompareAndSwap(uint64(w), uint64(w)-uint64(n)) {
			return w
		}
		backOff()
	}
	return f.releaseSlow(n)
}

func (f *inflight) releaseSlow(n int) slotWord {
	var w slotWord
	if n > 0 {
		if w = f.give(uint64(n)); uint64(n) <= w.held() {
			return w
		}
	}
	if f.overReleased.Add(1) == 1 {
		f.inst.releasedTooMuch(n, int(w.held()))
	}
	return w
}

// setLimit changes the limit and reports whether it was another.
func (f *inflight) setLimit(limit int) bool { return f.resize(uint64(limit)) }

// full gives the error of who is rejected. It is made once per limit, so that to reject costs no
// allocation.
func (f *inflight) full(made *atomic.Pointer[FullError], waiters int) error {
	limit := int(f.load().limit())
	e := made.Load()
	if e == nil || e.Limit != limit || e.Waiters != waiters {
		e = &FullError{Limiter: f.inst.name, Limit: limit, Waiters: waiters}
		made.Store(e)
	}
	return e
}

func (f *inflight) permitsError(n int, limit uint64) error {
	return &PermitsError{Limiter: f.inst.name, Permits: n, Burst: int(limit)}
}

func (f *inflight) stats() Stats {
	w := f.load()
	s := Stats{
		Allowed:      f.allowed.Load(),
		Denied:       f.denied.Load(),
		Delayed:      f.delayed.Load(),
		Cancelled:    f.cancelled.Load(),
		Burst:        int(w.limit()),
		InUse:        int(w.held()),
		Waiting:      f.waiting(),
		OverReleased: f.overReleased.Load(),
	}
	s.Permits = s.Allowed + s.Delayed + f.more.Load()
	return s
}

// inflightReading is how an inflight is read at collection.
type inflightReading inflight

func (f *inflightReading) Observe(o *telemetry.Observer) {
	s := (*inflight)(f).stats()
	f.metrics.observe(o, s)
	o.Observe(&f.metrics.decisions[outcomeDelayed], s.Delayed)
	o.Observe(&f.metrics.decisions[outcomeCancelled], s.Cancelled)
	o.Observe(&f.metrics.usage, int64(s.InUse))
	o.Observe(&f.metrics.waiting, int64(s.Waiting))
}

// maxLimit is how many permits fit in the word.
const maxLimit = math.MaxInt32
