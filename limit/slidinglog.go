package limit

import (
	"math"
	"sort"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// SlidingLog is an exact sliding window: it remembers when each of the latest Limit permits was taken,
// so that no stretch of time as long as Window ever holds more than Limit. A permit comes back Window
// after it was taken. Most callers want Allow, or Take where headers are to be sent.
//
// It costs 8 bytes for each permit of Limit, and a lock held for some nanoseconds, and for n times as
// long when n permits are taken at once. For high limits, a [SlidingWindow] or a [TokenBucket] costs less.
// All methods are safe for concurrent use. It starts no goroutine.
type SlidingLog struct{ windowed }

// maxLog bounds the memory of a log: 8 MiB.
const maxLog = 1 << 20

// NewSlidingLog makes a sliding log. The name is its telemetry's and its errors'. A wrong config is an
// error that names every field at fault. Close it when it is no longer needed.
func NewSlidingLog(name string, cfg WindowConfig, opts ...Option) (*SlidingLog, error) {
	if err := core.Configure("limit", name, cfg.validate(maxLog)); err != nil {
		return nil, err
	}
	l := &SlidingLog{windowed{maxLimit: maxLog}}
	l.start(name, flowconv.LimiterAlgorithmSlidingLog, newPermitLog(cfg), opts)
	return l, nil
}

// permitLog is a ring of the times when the latest permits were taken, at least as many as the limit:
// more when the limit was lowered and so many are in use. Times never go back: a clock reading of before
// the latest counts as the latest.
type permitLog struct {
	mu   sync.Mutex
	cfg  WindowConfig
	ring []int64 // on internal/clock; never for a permit that was not taken yet
	next int     // the place of the oldest, where the next one goes
}

const never = math.MinInt64

func newPermitLog(cfg WindowConfig) *permitLog {
	return &permitLog{cfg: cfg, ring: emptyRing(cfg.Limit)}
}

func emptyRing(n int) []int64 {
	ring := make([]int64, n)
	for i := range ring {
		ring[i] = never
	}
	return ring
}

// latest is when the k-th latest permit was taken; k is from 1 to the limit.
func (l *permitLog) latest(k int) int64 {
	i := l.next - k
	if i < 0 {
		i += len(l.ring)
	}
	return l.ring[i]
}

// take takes n permits, or none: those before them that the limit leaves no room for must have come back.
func (l *permitLog) take(now int64, n int) bool {
	if n <= 0 || n > l.cfg.Limit {
		return false
	}
	now = max(now, l.latest(1))
	if l.latest(l.cfg.Limit+1-n) > now-int64(l.cfg.Window) {
		return false
	}
	for range n {
		l.ring[l.next] = now
		if l.next++; l.next == len(l.ring) {
			l.next = 0
		}
	}
	return true
}

func (l *permitLog) allow(now int64, n int) bool {
	l.mu.Lock()
	ok := l.take(now, n)
	l.mu.Unlock()
	return ok
}

func (l *permitLog) decide(now int64, n int) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := Decision{Allowed: l.take(now, n), Limit: l.cfg.Limit, Window: l.cfg.Window}
	used := l.used(now)
	d.Remaining = max(d.Limit-used, 0)
	if used > 0 {
		d.NextAfter = l.after(now, d.Remaining+1)
		d.ResetAfter = l.after(now, d.Limit)
	}
	if !d.Allowed && n > 0 && n <= d.Limit {
		d.RetryAfter = l.after(now, n)
	}
	return d
}

// used is how many permits are in use.
func (l *permitLog) used(now int64) int {
	back := max(now, l.latest(1)) - int64(l.cfg.Window)
	return sort.Search(len(l.ring), func(i int) bool { return l.latest(i+1) <= back })
}

// after is how long until n permits, that are not there now, will be.
func (l *permitLog) after(now int64, n int) time.Duration {
	return time.Duration(l.latest(l.cfg.Limit+1-n)-now) + l.cfg.Window
}

func (l *permitLog) look(now int64) (WindowConfig, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cfg, l.used(now)
}

// change keeps all permits in use, and of the others as many as there is room for.
func (l *permitLog) change(now func() int64, to func(WindowConfig) (WindowConfig, error)) (WindowConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cfg, err := to(l.cfg)
	if err != nil {
		return l.cfg, err
	}
	if n := max(cfg.Limit, l.used(now())); n != len(l.ring) {
		ring := emptyRing(n)
		for k := range min(n, len(l.ring)) {
			ring[n-1-k] = l.latest(k + 1)
		}
		l.ring, l.next = ring, 0
	}
	l.cfg = cfg
	return cfg, nil
}
