package resilience

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// latencies estimates a quantile of recent durations, in a fixed amount of memory. Durations are
// counted in buckets a sixteenth apart, so an estimate is high by at most that. It is of the last
// 10 to 20 times least of them: older ones are dropped half at a time.
type latencies struct {
	quantile float64
	least    int // how many make an estimate

	value atomic.Int64 // the estimate; 0: none yet

	mu       sync.Mutex
	old, now histogram
}

// histogram counts durations.
type histogram struct {
	n      int
	counts [slots]uint32
}

// subs is how many buckets an octave has; slots is how many there are for all of int64.
const (
	subBits = 4
	subs    = 1 << subBits
	slots   = (64 - subBits) * subs
)

// slot is the bucket of v, which is not negative: below subs one for each value, and from there on
// the highest subBits+1 bits count.
func slot(v int64) int {
	shift := max(bits.Len64(uint64(v))-subBits-1, 0)
	return shift*subs + int(v>>shift)
}

// ceiling is the largest value in a bucket.
func ceiling(slot int) int64 {
	shift := max(slot/subs-1, 0)
	return (int64(slot-shift*subs)+1)<<shift - 1
}

// add takes a duration into account. The estimate follows every tenth of least durations.
func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.counts[slot(max(int64(d), 0))]++
	l.now.n++
	if n := l.now.n + l.old.n; n >= l.least && (n-l.least)%max(l.least/10, 1) == 0 {
		l.value.Store(max(l.estimate(n), 1))
	}
	if l.now.n >= 10*l.least {
		l.old, l.now = l.now, histogram{}
	}
}

// estimate is the quantile of all n durations held. The caller holds mu.
func (l *latencies) estimate(n int) int64 {
	rank := int64(math.Ceil(l.quantile * float64(n)))
	for i := range slots {
		if rank -= int64(l.old.counts[i]) + int64(l.now.counts[i]); rank <= 0 {
			return ceiling(i)
		}
	}
	return math.MaxInt64
}
