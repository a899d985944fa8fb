package flowredis

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/limit"
)

// chunk is permits of one key that this process may spend until a time. Who takes from it takes from
// left by compare-and-swap; who ends it takes all of it.
type chunk struct {
	left    atomic.Int64
	permits int64 // at first
	began   int64 // on internal/clock, before Redis was asked
	until   int64 // on internal/clock
	at      int64 // when it was granted, on the server's clock
	quota   *quota
	grant   limit.Decision
}

func newChunk(q *quota, g grant, asked int64) *chunk {
	l := &chunk{
		permits: g.permits, began: asked, until: asked + q.reader.(leasing).life, at: g.at, quota: q, grant: g.Decision,
	}
	l.left.Store(g.permits)
	return l
}

// take takes n permits if there are so many, and gives how many are left.
func (l *chunk) take(now, n int64) (left int64, ok bool) {
	for now < l.until {
		left := l.left.Load()
		if left < n {
			return 0, false
		}
		if l.left.CompareAndSwap(left, left-n) {
			return left - n, true
		}
	}
	return 0, false
}

// describe is a decision that was made without Redis: what it says of times is as of the grant.
func (l *chunk) describe(now, left int64) limit.Decision {
	d := l.grant
	passed := time.Duration(now - l.began)
	d.Remaining = int(min(int64(d.Remaining)+left, int64(d.Limit)))
	d.NextAfter = max(d.NextAfter-passed, time.Microsecond)
	d.ResetAfter = max(d.ResetAfter-passed, d.NextAfter)
	return d
}

// slow reports whether it will not be used up, as it goes.
func (l *chunk) slow(now int64) bool {
	spent := l.permits - l.left.Load()
	return spent*(l.until-l.began) < l.permits*(now-l.began)
}

// lessee is one key whose permits are leased.
type lessee struct {
	leases *lessees
	target target

	held  atomic.Pointer[chunk] // the latest
	mu    sync.Mutex            // of what follows
	asked *asking               // under way
	want  int64                 // permits of the next lease
	timer *time.Timer           // tends
}

// asking is one call for a lease, that all who need one wait for.
type asking struct {
	done     chan struct{}
	decision limit.Decision // when denied
	denied   bool
	err      error
}

// spend takes a permit that is held.
func (x *lessee) spend(n int) (limit.Decision, bool) {
	l := x.held.Load()
	if l == nil {
		return limit.Decision{}, false
	}
	now := clock.Now()
	left, ok := l.take(now, int64(n))
	if !ok {
		return limit.Decision{}, false
	}
	return l.describe(now, left), true
}

// begin makes the caller the one who asks, unless someone does.
func (x *lessee) begin() (a *asking, mine bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.asked != nil {
		return x.asked, false
	}
	x.asked = &asking{done: make(chan struct{})}
	return x.asked, true
}

// end tells those who wait.
func (x *lessee) end(a *asking) {
	x.mu.Lock()
	x.asked = nil
	x.mu.Unlock()
	close(a.done)
}

// size is how many permits to ask for: twice as many as last time while they are used up, and what was
// spent when they were not.
func (x *lessee) size(chunk int64) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l := x.held.Load(); l != nil {
		if left := l.left.Load(); left == 0 {
			x.want *= 2
		} else {
			x.want = l.permits - left
		}
	}
	x.want = max(min(x.want, chunk), 1)
	return x.want
}

// hold takes up a lease, and drops the one before.
func (x *lessee) hold(l *chunk) {
	x.leases.expired.Add(dropped(x.held.Swap(l)))
	x.mu.Lock()
	defer x.mu.Unlock()
	soon := max(time.Duration(l.until-l.began)/4, time.Millisecond)
	if x.timer == nil {
		x.timer = time.AfterFunc(soon, x.tend)
		return
	}
	x.timer.Reset(soon)
}

// dropped ends a lease and gives how many permits are lost by that.
func dropped(l *chunk) int64 {
	if l == nil {
		return 0
	}
	return l.left.Swap(0)
}

// tend gives back what will not be used, and forgets a key that no one asks for.
func (x *lessee) tend() {
	x.leases.mark.Label() // in the timer's goroutine
	l, now := x.held.Load(), clock.Now()
	if l == nil {
		return
	}
	if now < l.until && !l.slow(now) {
		x.mu.Lock()
		x.timer.Reset(max(time.Duration(l.until-now), time.Millisecond))
		x.mu.Unlock()
		return
	}
	if x.held.CompareAndSwap(l, nil) {
		x.leases.forget(x)
		x.leases.giveBack(x.target, l)
	}
}
