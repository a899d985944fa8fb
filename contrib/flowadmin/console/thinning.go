package console

import (
	"encoding/binary"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// thinning decides which traces are kept: all, or one in 2^k when a ring of all would turn over in less
// than a minute. A trace is kept or not by the last k bits of its id, which are random (W3C Trace
// Context, level 2), so all of its spans are, and it takes no memory.
type thinning struct {
	maxBytes int
	k        atomic.Uint32

	mu      sync.Mutex
	since   int64 // when the window began; 0 before the first span
	bytes   int   // kept in the window
	changes []thinned
}

// thinned is a change of k.
type thinned struct {
	at int64
	k  uint32
}

const (
	minTurnover = 60 * time.Second // more traces are left out below it
	window      = 5 * time.Second  // over which the turnover is measured, unless a quarter of the ring was filled sooner
	maxK        = 20
	maxStepDown = 3
	maxChanges  = 64
	lag         = 10 * time.Millisecond
)

// keeps reports whether a trace is kept now.
func (t *thinning) keeps(id trace.TraceID) bool { return sampled(id, t.k.Load()) }

func sampled(id trace.TraceID, k uint32) bool {
	return binary.BigEndian.Uint64(id[8:])&(1<<k-1) == 0
}

// oneIn is how many traces there are for each that is kept.
func (t *thinning) oneIn() int { return 1 << t.k.Load() }

// kept counts bytes that were kept, and looks whether k is still right. No bytes just look.
func (t *thinning) kept(bytes int, now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since == 0 {
		t.since = now
	}
	t.bytes += bytes
	took := time.Duration(now - t.since)
	if took >= window || t.bytes > t.maxBytes/4 {
		t.adapt(now, max(took, time.Millisecond))
		t.since, t.bytes = now, 0
	}
}

// adapt sets k by what the window held; the caller holds t.mu.
func (t *thinning) adapt(now int64, took time.Duration) {
	turnover := float64(t.maxBytes) / float64(max(t.bytes, 1)) * took.Seconds()
	k := t.k.Load()
	switch least := minTurnover.Seconds(); {
	case turnover < least:
		k = min(k+uint32(math.Ceil(math.Log2(least/turnover))), maxK)
	case took >= window && turnover > 3*least: // half of it is well above least
		k -= min(k, maxStepDown, uint32(math.Log2(turnover/least/1.5)))
	}
	if k == t.k.Load() {
		return
	}
	t.k.Store(k)
	if len(t.changes) == maxChanges {
		t.changes = append(t.changes[:0], t.changes[1:]...)
	}
	t.changes = append(t.changes, thinned{now, k})
}

// whole reports whether a trace that ran from one instant to another was kept all the time. What was
// decided within lag of its end may have been decided for its last span.
func (t *thinning) whole(id trace.TraceID, from, to int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	most := uint32(0)
	for i, c := range t.changes {
		if c.at-int64(lag) > to {
			break
		}
		if i == len(t.changes)-1 || t.changes[i+1].at >= from {
			most = max(most, c.k)
		}
	}
	return sampled(id, most)
}
