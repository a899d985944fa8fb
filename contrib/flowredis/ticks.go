package flowredis

import (
	"math/big"
	"strconv"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// ticks are the integer time a token bucket computes with in Redis. Lua's numbers are exact up to
// 2^53, which nanoseconds since 1970 are not: so the time is microseconds, and what is in use is in
// ticks, which are so fine that a microsecond and a permit are both whole numbers of them.
//
// That is exact whenever the time from permit to permit is a fraction of microseconds whose whole
// burst is below 2^51 ticks: for every whole number of permits in a second, a minute, an hour or a day,
// unless the burst is in the millions. Otherwise it is rounded up by less than one part in 2^20 (and
// by less than one in 2^50/burst), so the rate is never exceeded.
type ticks struct {
	permit int64 // to a permit
	micro  int64 // to a microsecond
	burst  int64 // permits
}

const (
	mostTicks    = 1 << 51 // in a burst
	finestMicros = 1 << 31 // ticks to a microsecond, where they are rounded
)

func newTicks(rate limit.Rate, burst int) ticks {
	exact := microseconds(rate)
	if micro := exact.Denom(); micro.IsInt64() && micro.Int64() <= mostTicks {
		if t, ok := ticksOf(exact, micro.Int64(), burst); ok {
			return t
		}
	}
	for micro := int64(finestMicros); ; micro /= 2 {
		if t, ok := ticksOf(exact, micro, burst); ok || micro == 1 { // refills of nine years fit
			return t
		}
	}
}

// ticksOf is ticks of which so many make a microsecond; ok is false when they are too many.
func ticksOf(exact *big.Rat, micro int64, burst int) (t ticks, ok bool) {
	permit := ceil(new(big.Rat).Mul(exact, new(big.Rat).SetInt64(micro)))
	t = ticks{permit.Int64(), micro, int64(burst)}
	return t, permit.IsInt64() && t.permit <= mostTicks/t.burst
}

// microseconds is the time from permit to permit, exactly as the rate's text says it.
func microseconds(rate limit.Rate) *big.Rat {
	count, per := rate.Parts()
	exact, _ := new(big.Rat).SetString(strconv.FormatFloat(count, 'f', -1, 64))
	return new(big.Rat).Quo(big.NewRat(int64(per), int64(time.Microsecond)), exact)
}

func ceil(r *big.Rat) *big.Int {
	q, rest := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// duration is ticks as time, rounded up to a microsecond: the server's clock has no finer.
func (t ticks) duration(n int64) time.Duration {
	return time.Duration((n+t.micro-1)/t.micro) * time.Microsecond
}

func (t ticks) decision(reply []int64, n int) (limit.Decision, bool) {
	most := t.burst * t.permit
	if len(reply) != 2 || reply[0]|1 != 1 || reply[1] < 0 || reply[1] > most {
		return limit.Decision{}, false
	}
	used := reply[1]
	d := t.describe(used)
	d.Allowed = reply[0] == 1
	if !d.Allowed {
		d.RetryAfter = max(t.duration(used+int64(n)*t.permit-most), time.Microsecond)
	}
	return d, true
}

func (t ticks) full(n int) limit.Decision {
	d := t.describe(int64(n) * t.permit)
	d.Allowed = true
	return d
}

// describe is what is left when so much is used.
func (t ticks) describe(used int64) limit.Decision {
	most := t.burst * t.permit
	d := limit.Decision{
		Limit:      int(t.burst),
		Remaining:  int((most - used) / t.permit),
		Window:     t.duration(most),
		ResetAfter: t.duration(used),
	}
	if used > 0 {
		d.NextAfter = t.duration(used + int64(d.Remaining+1)*t.permit - most)
	}
	return d
}
