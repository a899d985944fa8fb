package resilience

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
)

// counts is what a window counts.
type counts struct {
	good  int64 // calls that went well
	bad   int64 // calls that did not
	extra int64 // a third thing: slow calls, retries, extra runs
}

func (c counts) calls() int64 { return c.good + c.bad }

func (c counts) minus(o counts) counts {
	return counts{c.good - o.good, c.bad - o.bad, c.extra - o.extra}
}

// buckets is how many buckets a window has.
const buckets = 10

// window counts calls over the last stretch of time, without a clock reading for those that go well.
//
// Its counters only grow, so nothing counted is ever lost to a roll. Time is cut into buckets, a
// tenth of the window's length; edges keeps what the counters held when each of the last ten buckets
// began, and the window is what was counted since the oldest of them. It reaches back between nine
// and ten tenths of its length.
//
// Who counts something good reads no clock: a timer turns the bucket when its time is up. What
// goes otherwise reads the clock first and turns the bucket itself. So every bad and extra count is
// in the bucket of its very time, and a good one is late by as much as the timer is: when the timer
// fires d late, calls of these d count in the bucket before, whose share of the window ends d sooner.
// Nothing counts twice, nor for longer than the window's length. A bucket in which nothing was
// counted stops the timer, and whatever is counted next reads the clock and starts it again: an idle
// window costs nothing, and has forgotten exactly what it should. There is no goroutine that stays.
type window struct {
	good  stripe.Counter
	bad   atomic.Int64
	extra atomic.Int64

	_      [112]byte // view is read by every call, and written seldom
	view   atomic.Pointer[view]
	bucket int64 // nanoseconds

	mu     sync.Mutex
	closed bool // no more timers
	edges  [buckets]counts
	origin int64 // where bucket 0 began
	now    int64 // the bucket view is of
}

// view is what the users of a window see: one bucket. It is never changed in place.
type view struct {
	running bool   // a timer will turn it
	ends    int64  // when its time is up, on internal/clock
	base    counts // what the counters held when the window began
}

func (w *window) init(length time.Duration) {
	w.bucket = max(int64(length)/buckets, 1)
	w.clear(clock.Now())
}

// running reports whether something good may be counted without [window.turn].
func (w *window) running() bool { return w.view.Load().running }

func (w *window) totals() counts {
	return counts{good: w.good.Load(), bad: w.bad.Load(), extra: w.extra.Load()}
}

// held is what the window holds, after turn.
func (w *window) held() counts { return w.totals().minus(w.view.Load().base) }

// clear forgets everything, and begins a bucket.
func (w *window) clear(now int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	total := w.totals()
	for i := range w.edges {
		w.edges[i] = total
	}
	w.origin, w.now = now, 0
	w.view.Store(&view{ends: now + w.bucket, base: total})
}

// turn brings the window to now, and starts its timer: what is counted next is in the right bucket.
func (w *window) turn(now int64) {
	if v := w.view.Load(); v.running && now < v.ends {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.roll(now, true)
}

// tick is the timer. When it finds that someone has turned the bucket before it, that one has
// started another timer.
func (w *window) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.view.Load()
	now := clock.Now()
	if v.running && now >= v.ends {
		w.roll(now, w.totals() != w.edges[w.now%buckets])
	}
}

// roll publishes the bucket of now. The caller holds mu.
func (w *window) roll(now int64, run bool) {
	v := w.view.Load()
	k := max((now-w.origin)/w.bucket, w.now) // someone else may have seen a later time
	if k == w.now && (v.running || w.closed) {
		return
	}
	total := w.totals()
	for i := max(w.now+1, k-buckets+1); i <= k; i++ {
		w.edges[i%buckets] = total
	}
	w.now = k
	next := &view{
		running: run && !w.closed,
		ends:    w.origin + (k+1)*w.bucket,
		base:    w.edges[(k+1)%buckets],
	}
	w.view.Store(next)
	if next.running {
		time.AfterFunc(time.Duration(next.ends-now), w.tick) // a new one: a kept timer would belong to one synctest bubble
	}
}

// close stops the timers: the last one finds nothing to do.
func (w *window) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	v := *w.view.Load()
	v.running = false
	w.view.Store(&v)
}
