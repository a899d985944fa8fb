package limit_test

import "time"

// quota is what a limiter is asked to give: count permits per period, and burst at once.
type quota struct {
	count  int
	period time.Duration
	burst  int
}

func (q quota) perSecond() float64 { return float64(q.count) / q.period.Seconds() }

// interval is the time from permit to permit.
func (q quota) interval() time.Duration { return q.period / time.Duration(q.count) }

var (
	plenty = quota{1e9, time.Second, 1e9}  // more than anyone can ask for, even a goroutine put aside for 0.1 s
	none   = quota{1, time.Hour, 1}        // nothing, after the first
	hot    = quota{1e6, time.Second, 1000} // less than a core can ask for
)
