package flowredis

import (
	"github.com/goflow-go/goflow/limit"
)

// Escape and Part are what keys are made with.
var (
	Escape = escape
	Part   = part
)

// Ticks is the integer time of a rate and a burst: ticks to a permit and to a microsecond.
func Ticks(rate limit.Rate, burst int) (permit, micro int64) {
	t := newTicks(rate, burst)
	return t.permit, t.micro
}

// Describe reads a reply of the script.
func Describe(rate limit.Rate, burst, n int, reply ...int64) (limit.Decision, bool) {
	return newTicks(rate, burst).decision(reply, n)
}

// The gate, for tests in a bubble.
type (
	Gate   = gate
	Ticket = phase
)

var NewGate = newGate

func (g *gate) Mode() Mode                             { return g.mode() }
func (g *gate) Admit(now int64) *Ticket                { return g.admit(now) }
func (g *gate) RetryIn(now int64) int64                { return g.retryAt() - now }
func (g *gate) Answered(t *Ticket, now int64)          { g.done(t, now, true, nil) }
func (g *gate) Failed(t *Ticket, now int64, err error) { g.done(t, now, false, err) }
func (g *gate) GaveUp(t *Ticket, now int64)            { g.done(t, now, false, nil) }

// RampTime is how long the gate takes to let all calls through again.
const RampTime = rampTime

// Judge is the verdict on an error, and whether it is tried again.
func Judge(err error) (verdict string, again bool) {
	v, again := judge(err)
	return v.String(), again
}

// Windows is the integer arithmetic of a sliding window.
type Windows struct{ w windows }

func NewWindows(rate limit.Rate, burst int) Windows { return Windows{newWindows(rate, burst, true)} }

// Used is how many permits are in use.
func (w Windows) Used(count, before, elapsed int64) int64 {
	return counts{w.w, count, before, elapsed}.used()
}

// Has reports whether no more than most are in use at a time that may be in a later window.
func (w Windows) Has(count, before, at int64, most int) bool {
	for ; at >= w.w.window; at -= w.w.window {
		count, before = 0, count
	}
	return w.Used(count, before, at) <= int64(most)
}

// Decide reads a reply of the script.
func (w Windows) Decide(n int, reply ...int64) (limit.Decision, bool) { return w.w.decision(reply, n) }
