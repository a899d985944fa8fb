package limit_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/limit"
)

// leakyModel is a leaky bucket as one would explain it: the next permit leaves an interval after the one
// before, or now if that has long been, or as long before now as someone has just woken too late.
type leakyModel struct {
	interval, catchUp time.Duration
	next              time.Duration // when the next may leave
	late, until       time.Duration // what may be made up, and how long
}

func (m *leakyModel) woke(due, now time.Duration) {
	m.late, m.until = min(now-due, m.catchUp), now+m.catchUp
}

// reserve takes n permits, and says how long until the last of them may leave.
func (m *leakyModel) reserve(now time.Duration, n int) time.Duration {
	from := now
	if now <= m.until {
		from -= m.late
	}
	m.next = max(m.next, from) + time.Duration(n)*m.interval
	return max(m.next-m.interval-now, 0)
}

// take takes a permit if one may leave.
func (m *leakyModel) take(now time.Duration) limit.Decision {
	d := limit.Decision{Limit: 1, Window: m.interval, Allowed: m.next <= now}
	if d.Allowed {
		m.reserve(now, 1)
	}
	d.NextAfter = max(m.next-now, 0)
	d.ResetAfter = d.NextAfter
	if d.NextAfter == 0 {
		d.Remaining = 1
	}
	if !d.Allowed {
		d.RetryAfter = m.next - now
	}
	return d
}

func TestLeakyBucketDecidesAsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &leakyModel{
			interval: rapid.SampledFrom([]time.Duration{1, 10, 10_000, time.Millisecond, time.Hour}).Draw(t, "interval"),
			catchUp:  rapid.SampledFrom([]time.Duration{1, 1000, 2 * time.Millisecond, time.Second}).Draw(t, "catch up"),
			until:    math.MinInt64,
		}
		l, err := limit.NewLeakyBucketAt("api", limit.LeakyBucketConfig{Rate: limit.Every(m.interval), CatchUp: m.catchUp})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var now time.Duration
		var leave []use // when permits may leave
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			dt := rapid.OneOf(rapid.Int64Range(0, 2*int64(m.interval)), rapid.Int64Range(0, 2*int64(m.catchUp))).Draw(t, "dt")
			now += time.Duration(dt)
			switch rapid.IntRange(0, 5).Draw(t, "operation") {
			case 0:
				due := max(0, now-time.Duration(rapid.Int64Range(0, 2*int64(m.catchUp)).Draw(t, "late")))
				l.WokeAt(due, now)
				m.woke(due, now)
			case 1:
				l.RebaseAt(now)
				m.next = max(m.next, now) // nothing is made up from before
			case 2:
				n := rapid.IntRange(1, 5).Draw(t, "n")
				_, delay, err := l.ReserveAt(now, n)
				if want := m.reserve(now, n); err != nil || delay != want {
					t.Fatalf("at %v: Reserve(%d) gave %v, %v; want %v", now, n, delay, err, want)
				}
				for i := range n {
					leave = append(leave, use{now + delay - time.Duration(i)*m.interval, 1})
				}
			default:
				d, err := l.TakeAt(now, 1)
				if want := m.take(now); err != nil || d != want {
					t.Fatalf("at %v: Take gave %+v, %v; want %+v", now, d, err, want)
				}
				if d.Allowed {
					leave = append(leave, use{now, 1})
				}
			}
		}
		requireSmooth(t, leave, m.interval, m.catchUp)
	})
}

// requireSmooth fails when any stretch of time holds more than one permit and one for each interval of
// it and of catchUp.
func requireSmooth(t *rapid.T, leave []use, interval, catchUp time.Duration) {
	for n := 2; n <= len(leave); n++ {
		if got := most(leave, time.Duration(n-1)*interval-catchUp); got >= n {
			t.Fatalf("%d permits within less than %v, one each %v, of which %v may be caught up: %v",
				got, time.Duration(n-1)*interval, interval, catchUp, leave)
		}
	}
}
