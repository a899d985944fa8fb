package cron

import (
	"math/bits"
	"time"
)

// minInterval is the shortest interval of @every.
const minInterval = time.Millisecond

// nextMultiple is the first multiple of the interval, counted from 1970-01-01 UTC, after an instant.
func (s *Schedule) nextMultiple(after time.Time) (time.Time, bool) {
	if after.Unix() < minUnix {
		after = time.Unix(minUnix, -1)
	}
	wait := s.every - sinceMultiple(after, s.every)
	seconds, nanos := int64(wait/time.Second), int64(wait%time.Second)
	if after.Unix() >= maxUnix-seconds {
		return time.Time{}, false
	}
	next := time.Unix(after.Unix()+seconds, int64(after.Nanosecond())+nanos).In(s.loc)
	return next, next.Year() <= lastYear
}

// sinceMultiple is how long before t the last multiple of d was. Nanoseconds since 1970 do not fit in
// 64 bits over all years.
func sinceMultiple(t time.Time, d time.Duration) time.Duration {
	seconds, interval := t.Unix(), uint64(d)
	hi, lo := bits.Mul64(uint64(max(seconds, -seconds)), uint64(time.Second))
	since := bits.Rem64(hi, lo, interval)
	if seconds < 0 && since != 0 {
		since = interval - since
	}
	return time.Duration((since + uint64(t.Nanosecond())) % interval)
}
