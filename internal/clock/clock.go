// Package clock reads the monotonic clock as an integer.
package clock

import "time"

// base is the origin of Now. One read of the monotonic clock against it costs half of time.Now,
// which reads the wall clock too.
var base = time.Now()

// Now is the nanoseconds since the program started, on the monotonic clock. It never goes back,
// and follows the fake clock inside a testing/synctest bubble.
func Now() int64 { return int64(time.Since(base)) }

// Time gives the wall-clock time of an instant of Now.
func Time(now int64) time.Time { return base.Add(time.Duration(now)) }
