package flowredis

import (
	"math"
	"sync/atomic"
	"time"
)

// demand measures how many permits a second a process is asked for: the mean of about a loan's time, or of a
// third of it when that differs by more than chance would have it. So it is steady, and sees a shift at once.
type demand struct {
	slow, fast float64 // permits a second
	at         int64   // when they were measured
}

// surprise is by how many standard deviations, of callers who come at random, the fast mean must differ.
const surprise = 3

// measure takes what was asked for since it measured last.
func (d *demand) measure(now int64, life time.Duration, asked *atomic.Int64) float64 {
	passed := time.Duration(now - d.at).Seconds()
	if passed < 0.001 {
		return d.slow
	}
	rate, short := float64(asked.Swap(0))/passed, life.Seconds()/3
	d.slow = towards(d.slow, rate, passed/life.Seconds())
	d.fast = towards(d.fast, rate, passed/short)
	if math.Abs(d.fast-d.slow) > surprise*math.Sqrt(max(d.fast, d.slow)/(2*short)) {
		d.slow = d.fast
	}
	d.at = now
	return d.slow
}

// towards is a mean that has gone on for a part of its time at a rate.
func towards(mean, rate, part float64) float64 {
	rest := math.Exp(-part)
	return mean*rest + rate*(1-rest)
}
