package flowredis

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// balancer lends and borrows for a region, from one of its processes.
//
// A region's rate is its share, less what it has lent, and what it has borrowed. In sum that is never above the
// limit, as what is borrowed of a share at a time is never more than what its ledger holds back then:
//
//  1. A share is lent by its ledger, at once, before anyone knows. What is held back is only made less when
//     the borrower has said that it has taken up less (see the script), or when it is taken back.
//  2. A borrower uses a loan for life less margin, counted from before it asked, on a monotonic clock. The end is
//     kept on the clock of its Redis, as of an earlier look at it, so that it does not matter how long it takes to
//     take it up. That clock may jump forward, which ends the loan early. When it goes back all loans end; who
//     sees it, and what of a step may go unseen, is with clue.
//  3. A lender takes a loan back when one of its processes has seen it for life and margin, counted from after it
//     saw it, on a monotonic clock. If it was renewed meanwhile it has another nonce, and is not taken back. No
//     clock of a server has a part in that, and a process that stops or starts anew only waits longer.
//
// So what is used of a loan and what was taken back are apart by two margins, which is for what clocks may run
// apart in that time and a step back that goes unseen. Links may only be slow or cut: then loans are not renewed.
//
// A lender's share is whole again life and margin after it lent last, and a tick, for its process to see that.
// When nothing gets through that was before the cut. When answers alone are lost one more question may be on its
// way or be asked, within a tick; after that a region does not lend, as the next question does not acknowledge its
// answer, and a borrower that had no answer asks for nothing. For that a question must acknowledge what was taken
// up last, and not what a view of before has: it would be refused, and the next one that is noted come late.
//
// Any number of processes may balance at a time, to no harm: a loan that is not taken up, because another one
// was, is held back until it is taken back. They take turns by the region's Redis.
type balancer struct {
	lending
	process string
	home    ledger
	links   []*link
	clock   func() int64
	waiting func() int64 // callers

	asked atomic.Int64 // permits, since the last tick
	view  atomic.Pointer[view]
	clues atomic.Pointer[clue]
	runs  atomic.Bool

	mu     sync.Mutex // of ticks
	demand demand
	sights map[lentTo]int64
}

// lending is what regions must agree on.
type lending struct {
	region string
	own    portion
	total  int64 // micro-permits a second, in all regions
	life   time.Duration
}

func (l *lending) tickTime() time.Duration { return l.life / 6 }
func (l *lending) margin() time.Duration   { return l.life / 10 }
func (l *lending) fresh() time.Duration    { return 3 * l.tickTime() }

// link is another region, as this one borrows from it.
type link struct {
	region string
	ledger ledger
	busy   atomic.Bool
	failed atomic.Bool  // the last question had no answer
	most   atomic.Int64 // that could be had, as it said last
	down   func() bool

	took   borrowedFrom // at tookAt; of who made it busy
	tookAt int64
}

// had is what was taken up last, as far as is known. A view may be of before a loan was taken up that was asked
// for before: its answer may have come late.
func (l *link) had(v *view) borrowedFrom {
	if l.tookAt > v.asked {
		return l.took
	}
	return v.from(l.region)
}

// run ticks until ctx ends.
func (b *balancer) run(ctx context.Context) error {
	b.runs.Store(true)
	defer b.runs.Store(false)
	var questions sync.WaitGroup
	defer questions.Wait()
	for {
		v, err := b.tick(ctx)
		if err == nil && v.balances {
			b.balance(ctx, v, &questions)
		}
		if sleep(ctx, b.pause()) != nil {
			return nil
		}
	}
}

// came notes that permits are asked for. While it does not run the callers tick, so that what was lent comes
// back to them.
func (b *balancer) came(ctx context.Context, n int) {
	b.asked.Add(int64(max(n, 0)))
	if b.runs.Load() {
		return
	}
	if v := b.view.Load(); v == nil || b.clock()-v.received < int64(b.tickTime()) || !b.mu.TryLock() {
		return
	}
	defer b.mu.Unlock()
	_, _ = b.tickLocked(ctx) // else the next caller does
}

// tick tells the region that this process is there, and looks.
func (b *balancer) tick(ctx context.Context) (*view, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tickLocked(ctx)
}

func (b *balancer) tickLocked(ctx context.Context) (*view, error) {
	now := b.clock()
	c := tickCall{
		process: b.process, own: b.own, asked: b.asks(now), looked: b.looked(now), tick: b.tickTime().Microseconds(),
		known: nothing, cut: b.cut(), back: b.due(now),
	}
	if last := b.view.Load(); last != nil {
		c.known = last.lentText
	}
	v, err := b.home.tick(ctx, c)
	if err != nil {
		return nil, err
	}
	v.asked, v.received = now, b.clock()
	b.look(&v)
	b.see(&v)
	b.view.Store(&v)
	return &v, nil
}

// asks is what this process is asked for, in micro-permits a second. Who waits would have more than comes.
func (b *balancer) asks(now int64) int64 {
	rate := b.demand.measure(now, b.life, &b.asked)
	if b.waiting() > 0 {
		rate *= 2
	}
	return int64(min(rate*micros, maxMicros))
}

// see notes since when loans to others have been seen.
func (b *balancer) see(v *view) {
	sights := make(map[lentTo]int64, len(v.lent))
	for _, l := range v.lent {
		l.held = 0 // not what makes it another
		sights[l] = v.received
		if at, known := b.sights[l]; known {
			sights[l] = at
		}
	}
	b.sights = sights
}

// until is when a loan seen at a time may be taken back.
func (b *balancer) until(seen int64) int64 { return seen + int64(b.life+b.margin()) }

// due are the loans to be taken back.
func (b *balancer) due(now int64) (back []string) {
	for l, seen := range b.sights {
		if now >= b.until(seen) {
			back = append(back, l.region, l.nonce)
		}
	}
	return back
}

// pause is how long to wait for the next tick: less when a loan is to be taken back before.
func (b *balancer) pause() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, next := b.clock(), b.tickTime()
	for _, seen := range b.sights {
		next = min(next, time.Duration(b.until(seen)-now))
	}
	return max(next, b.tickTime()/10)
}

// cut are the regions that do not answer.
func (b *balancer) cut() string {
	var cut []string
	for _, l := range b.links {
		if l.down() {
			cut = append(cut, l.region)
		}
	}
	return strings.Join(cut, " ")
}

// balance asks the other regions for what this one lacks, or still has of them. Who has not answered yet is
// not asked.
func (b *balancer) balance(ctx context.Context, v *view, questions *sync.WaitGroup) {
	most := make([]int64, len(b.links))
	for i, l := range b.links {
		if !l.failed.Load() {
			most[i] = l.most.Load()
		}
	}
	wants := divideWant(b.lack(v.demand), most)
	for i, l := range b.links {
		if !l.busy.CompareAndSwap(false, true) {
			continue
		}
		questions.Go(func() { // labels: inherited from the balancer, a service
			defer l.busy.Store(false)
			b.ask(ctx, v, l, wants[i])
		})
	}
}

// lack is what a region would borrow that is asked for so much. Who lends keeps as much above its demand.
func (b *balancer) lack(demand int64) int64 {
	return max(min(demand+demand/headroom, b.total)-b.own.share, 0)
}

// headroom is which part of the demand a region has on top of it. The scripts say the same.
const headroom = 25

// divideWant divides what is wanted by what each region said it could give.
func divideWant(want int64, most []int64) []int64 {
	sum := 0.0
	for _, m := range most {
		sum += float64(m)
	}
	wants := make([]int64, len(most))
	for i, m := range most {
		if m > 0 {
			wants[i] = int64(float64(want) * (float64(m) / sum))
		}
	}
	return wants
}

// ask asks a region for a rate, and takes up what it lends. A region that did not answer is only asked whether
// it does again: when answers are lost it would otherwise lend once more after a cut, and hold back for nothing.
func (b *balancer) ask(ctx context.Context, v *view, l *link, want int64) {
	had := l.had(v)
	ack, nonce, asked := had.nonce, newID()[:16], b.clock()
	if l.failed.Load() {
		ack, want = nothing, 0
	}
	got, err := l.ledger.lend(ctx, lendCall{b.region, ack, nonce, want, b.fresh().Microseconds()})
	l.failed.Store(err != nil)
	if got.noted || got.most > 0 { // else no one of that region was there of late
		l.most.Store(got.most)
	}
	if err != nil || !got.noted || got.rate == 0 && had.rate == 0 {
		return
	}
	if b.borrow(ctx, v, asked+int64(b.life-b.margin()), borrowCall{region: l.region, before: had.nonce, nonce: nonce, rate: got.rate}) {
		l.took, l.tookAt = borrowedFrom{l.region, nonce, got.rate}, b.clock()
	}
}

// borrow takes up a loan until a time. If it does not, it is taken back.
func (b *balancer) borrow(ctx context.Context, v *view, until int64, c borrowCall) bool {
	now := b.clock()
	c.looked = b.looked(now)
	if until <= now || c.looked.era != v.era {
		return false
	}
	c.left = (until - now) / int64(time.Microsecond)
	c.ends = v.now + (until-v.received)/int64(time.Microsecond)
	taken, err := b.home.borrow(ctx, c)
	return err == nil && taken
}
