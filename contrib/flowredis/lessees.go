package flowredis

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/label"
	"github.com/goflow-go/goflow/limit"
)

// lessees are those of a limiter in this process, one for each key. There are no more than so many;
// permits of further keys are asked for one decision at a time.
type lessees struct {
	shared *shared
	most   int64
	mark   label.Mark

	keys sync.Map // string to *lessee
	held atomic.Int64

	granted, returned, expired atomic.Int64 // permits

	metrics leasePoints
}

func newLessees(s *shared, most int) *lessees {
	return &lessees{shared: s, most: int64(most), mark: label.NewMark("limiter", s.name), metrics: newLeasePoints(s.name, s.algorithm.name)}
}

// of gives the lessee of a key; nil when there are too many.
func (h *lessees) of(t target) *lessee {
	if x, ok := h.keys.Load(t.user); ok {
		return x.(*lessee)
	}
	if h.held.Add(1) > h.most {
		h.held.Add(-1)
		return nil
	}
	x, known := h.keys.LoadOrStore(t.user, &lessee{leases: h, target: t})
	if known {
		h.held.Add(-1)
	}
	return x.(*lessee)
}

func (h *lessees) forget(x *lessee) {
	if h.keys.CompareAndDelete(x.target.user, x) {
		h.held.Add(-1)
	}
}

// take decides about n permits: from the lease held, or from one that is asked for now.
func (h *lessees) take(ctx context.Context, t target, n int) (limit.Decision, error) {
	x := h.of(t)
	if x == nil || n > 1 {
		return h.several(ctx, x, t, n)
	}
	start := clock.Now()
	for {
		if d, ok := x.spend(1); ok {
			return d, nil
		}
		if d, ok := h.shared.recall(t, h.shared.quota.Load(), 1); ok {
			return d, nil
		}
		a, mine := x.begin()
		if mine {
			if d, ok := x.spend(1); ok { // of a lease that came since
				x.end(a)
				return d, nil
			}
			return h.renew(ctx, x, a)
		}
		if err := h.await(ctx, start, a); err != nil {
			return limit.Decision{}, err
		}
		if a.denied {
			return a.decision, nil
		}
	}
}

// several takes permits that are held, or asks for just these.
func (h *lessees) several(ctx context.Context, x *lessee, t target, n int) (limit.Decision, error) {
	if x != nil {
		if d, ok := x.spend(n); ok {
			return d, nil
		}
	}
	q := h.shared.quota.Load()
	if d, ok := h.shared.recall(t, q, n); ok {
		return d, nil
	}
	g, _, err := h.ask(ctx, t, n, func(leasing) int64 { return int64(n) })
	return g.Decision, err
}

var errTooLate = errors.New("redis did not answer within the budget")

// await waits for what someone else asks for. When that one gave up, the next one asks.
func (h *lessees) await(ctx context.Context, start int64, a *asking) error {
	select {
	case <-a.done:
		if a.err == nil || errors.As(a.err, new(*leftError)) {
			return nil
		}
		return a.err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-h.shared.coordinator.budgets.at(start).done:
		return errTooLate
	}
}

// leftError is why a call for a lease failed whose caller's context ended.
type leftError struct{ error }

// renew asks for a lease, and takes the caller's permit of it before anyone else can.
func (h *lessees) renew(ctx context.Context, x *lessee, a *asking) (limit.Decision, error) {
	defer x.end(a)
	a.err = errTooLate // if a hook of the client panics
	asked := clock.Now()
	g, q, err := h.ask(ctx, x.target, 1, func(l leasing) int64 { return x.size(l.chunk) })
	a.err = err
	if err != nil && ended(ctx) != nil {
		a.err = &leftError{err}
	}
	a.decision, a.denied = g.Decision, err == nil && g.permits == 0
	if g.permits > 0 {
		l := newChunk(q, g, asked)
		l.left.Add(-1)
		h.granted.Add(g.permits)
		x.hold(l)
	}
	return g.Decision, err
}

// ask asks Redis for n permits, or as many more as size says.
func (h *lessees) ask(ctx context.Context, t target, n int, size func(leasing) int64) (grant, *quota, error) {
	s := h.shared
	for tries := 1; ; tries++ {
		q := s.quota.Load()
		l := q.reader.(leasing)
		asked := clock.Now()
		cmd, err := s.coordinator.runBy(ctx, s.by, grantScript, asInts, h.call(t, q, int64(n), size(l), 0, 0))
		if err == nil {
			g, ok := l.read(cmd.(ints).Val(), n)
			if !ok {
				return grant{}, q, errOddReply
			}
			s.note(t, q, n, asked, g.Decision)
			return g, q, nil
		}
		if err = s.relearn(ctx, tries, err); err != nil {
			return grant{}, q, err
		}
	}
}

func (h *lessees) call(t target, q *quota, least, most, back, since int64) []any {
	call := append(h.shared.keys(t, len(q.args)+5), q.text, least, most)
	return append(append(call, q.args...), back, since)
}

// giveBack returns what is left of a lease that no one holds any more. What is not returned comes back
// with time.
func (h *lessees) giveBack(t target, l *chunk) {
	n := l.left.Swap(0)
	if n == 0 {
		return
	}
	s := h.shared
	if clock.Now() < l.until && l.quota == s.quota.Load() && s.coordinator.Mode() == Coordinated {
		call := h.call(t, l.quota, 0, 0, n, l.at)
		if _, err := s.coordinator.runBy(context.Background(), s.by, grantScript, asInts, call); err == nil {
			h.returned.Add(n)
			return
		}
	}
	h.expired.Add(n)
}

// giversBack is how many leases are returned at a time when a limiter is closed.
const giversBack = 64

// close returns all that is held.
func (h *lessees) close() {
	var all sync.WaitGroup
	room := make(chan struct{}, giversBack)
	for _, v := range h.keys.Range {
		x := v.(*lessee)
		if l := x.held.Swap(nil); l != nil {
			room <- struct{}{}
			all.Go(func() {
				h.mark.Label()
				h.giveBack(x.target, l)
				<-room
			})
		}
		h.forget(x)
	}
	all.Wait()
}
