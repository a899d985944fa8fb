package limit

import (
	"math"
	"math/big"
	"math/bits"
	"sync/atomic"
	"time"
)

// quota is a rate and a burst in the integer time a limiter computes with. It is immutable but for
// its successor.
//
// A tick is 2^-shift ns, as fine as the burst's refill time lets it be (2^-16 ns for all but slow
// rates); the interval, rounded up to a tick, never exceeds the rate and misses it by less than one
// part in 65,000. Ticks count from base. An int64 of them lasts 39 hours at the finest, so a limiter
// moves to a later base ("rebases") when a quarter of that has passed; half is left for permits
// given out ahead of time.
type quota struct {
	base      int64 // origin of ticks, on internal/clock
	horizon   int64 // ns that permits can be away, and that the quota can last
	until     int64 // ns after base from when on the quota must be rebased: horizon, or a warm-up's next step
	shift     uint8
	interval  int64 // ticks from permit to permit
	tolerance int64 // ticks of the whole burst
	near      int64 // ticks in use beyond which less than a fifth of the burst is left

	rate  Rate
	burst int
	most  int // permits that can be had in one go: the burst, or more where they may be waited for

	warming *warmUp // nil once the rate has been reached

	next atomic.Pointer[succession] // set once, when another quota took over
}

// succession says which quota took over from another, and when.
type succession struct {
	quota *quota
	at    int64 // on internal/clock
}

const (
	finest       = 16      // the largest shift
	maxTolerance = 1 << 50 // ticks, as long as shift is above 0; far below maxTicks leaves room to wait in
	maxTicks     = 1 << 61 // ticks from base to horizon, and from now to the latest permit
)

// nearShare is which part of the limit is still left when a decision is near it: less than a fifth.
const nearShare = 5

// newQuota makes the quota of a valid rate and burst.
func newQuota(rate Rate, burst int, base int64) *quota {
	return newQuotaIn(rate, burst, base, finest)
}

// newQuotaIn is newQuota with ticks of 2^-shift ns, or coarser ones where those do not fit.
func newQuotaIn(rate Rate, burst int, base int64, shift uint8) *quota {
	q := &quota{base: base, rate: rate, burst: burst, most: burst, shift: shift}
	exact := rate.interval()
	for ; ; q.shift-- {
		q.interval = ceil(exact, q.shift)
		if hi, lo := bits.Mul64(uint64(q.interval), uint64(burst)); q.shift == 0 || hi == 0 && lo <= maxTolerance {
			q.tolerance = int64(lo)
			break
		}
	}
	q.near = q.tolerance - int64((burst+nearShare-1)/nearShare)*q.interval
	q.horizon = maxTicks >> q.shift
	q.until = q.horizon
	return q
}

// at is the same quota from a later base, or the next step of its warm-up.
func (q *quota) at(base int64) *quota {
	if q.warming != nil {
		return q.warming.quota(q.burst, base)
	}
	return &quota{
		base: base, horizon: q.horizon, until: q.until, shift: q.shift, interval: q.interval, tolerance: q.tolerance, near: q.near,
		rate: q.rate, burst: q.burst, most: q.most,
	}
}

// ceil gives exact nanoseconds in ticks, rounded up.
func ceil(exact *big.Rat, shift uint8) int64 {
	n := new(big.Int).Lsh(exact.Num(), uint(shift))
	n, m := n.DivMod(n, exact.Denom(), new(big.Int))
	if m.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	if !n.IsInt64() {
		return math.MaxInt64
	}
	return n.Int64()
}

// cost is what n permits take, in ticks. It is for permits of another quota: n may be above the burst.
func (q *quota) cost(n int) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(q.interval))
	if hi > 0 {
		return maxTicks
	}
	return int64(min(lo, maxTicks))
}

// ticks gives an instant in ticks. A clock that went back behind the base stands still there.
func (q *quota) ticks(now int64) int64 { return max(now-q.base, 0) << q.shift }

// duration gives ticks as time, rounded up to a nanosecond.
func (q *quota) duration(ticks int64) time.Duration {
	return time.Duration((ticks + 1<<q.shift - 1) >> q.shift)
}

// expired reports whether q must be rebased before it is used at now.
func (q *quota) expired(now int64) bool { return now-q.base > q.until }

// deficit is how far the TAT lies ahead of now, in ticks. It is right beyond the horizon too.
func (q *quota) deficit(tat, now int64) int64 {
	if since := now - q.base; since > tat>>q.shift {
		return 0
	}
	return max(tat-q.ticks(now), 0)
}

// translate gives q's TAT in the ticks of another quota: what is in use stays in use, permit for
// permit. It rounds up. Zero says that nothing is in use.
func (q *quota) translate(tat, now int64, to *quota) int64 {
	deficit := q.deficit(tat, now)
	if deficit == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(deficit), uint64(to.interval))
	if hi >= uint64(q.interval) {
		return to.ticks(now) + maxTicks
	}
	scaled, rest := bits.Div64(hi, lo, uint64(q.interval))
	if rest > 0 {
		scaled++
	}
	return to.ticks(now) + int64(min(scaled, maxTicks))
}

// decide describes the state a limiter is in at t with its TAT at tat.
func (q *quota) decide(t, tat int64) Decision {
	used := max(tat-t, 0)
	free := max(q.tolerance-used, 0)
	d := Decision{
		Limit:      q.burst,
		Remaining:  int(free / q.interval),
		Window:     q.duration(q.tolerance),
		ResetAfter: q.duration(used),
	}
	if used > 0 {
		d.NextAfter = q.duration(int64(d.Remaining+1)*q.interval - (q.tolerance - used))
	}
	return d
}
