package flowredis

import "time"

// clue is what a process knows of the clock of its region's Redis, since it looked. What is borrowed ends by that
// clock, which may be set back, or be another one after a failover. So every call of a process in its region says
// what the clock must show by now, and a script that finds it shows less ends all loans before it brings any
// permit of them (see settle in region_ledger.lua).
//
//  1. A clock shows what it showed at a look, and the time since, or it was set back. The script knows that time
//     but for the way of the look's answer, the way of the call, and how far clocks may run apart. No more of
//     a step goes unseen. In the process that took a loan up the look's answer does not count: the loan's end was
//     told from when it came, and is as much too early.
//  2. Steps add up to no more than that: of two looks the one counts that has the clock show more by now.
//  3. A call, or its answer, that takes longer than the budget gives no one a permit, and is no look. So a loan
//     lasts 2*budget + life/slack + leeway too long at the most. A share is used again two margins after it
//     has ended: that is enough as long as the two ways take no more than three twentieths of life together.
//  4. A call that was given up may arrive much later, when a step was seen, and the loans of before have ended. It
//     is of another era then: it ends nothing, and takes up nothing.
//
// What an unseen step makes longer it made slower before: in sum no more of a loan is used.
type clue struct {
	era      string
	now      int64 // microseconds of the server's clock
	received int64 // on this process's clock
}

const (
	slack  = 20   // which part of a time clocks may run apart in it
	leeway = 2000 // microseconds
)

// least is what the server's clock shows at a time, at the least.
func (c *clue) least(at int64) int64 {
	passed := (at - c.received) / int64(time.Microsecond)
	return c.now + passed - passed/slack
}

// witness is what a process says of the clock when it calls.
type witness struct {
	era   string
	least int64 // microseconds of the server's clock
}

// looked is what this process says of the clock.
func (b *balancer) looked(now int64) witness {
	c := b.clues.Load()
	if c == nil {
		return witness{era: nothing}
	}
	return witness{c.era, c.least(now) - leeway}
}

// look notes what the clock showed, unless it is known to show more.
func (b *balancer) look(v *view) {
	c := b.clues.Load()
	if c == nil || c.era != v.era || v.now >= c.least(v.received) {
		b.clues.Store(&clue{v.era, v.now, v.received})
	}
}
