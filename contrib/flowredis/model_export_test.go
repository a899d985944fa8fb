package flowredis

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// Ledgers are a region's ledger in Redis and its twin, on one clock, which stands still until it is moved. What
// is done is done to both, and the answers must be the same.
type Ledgers struct {
	inRedis regionLedger
	twin    *twin
	clock   int64
	last    view // of the twin
	nonce   int
	own     portion
}

// NewLedgers makes them. The clock is kept in a key, which the scripts read instead of the server's clock.
func NewLedgers(c *Coordinator, rate float64, burst int) *Ledgers {
	l := &Ledgers{inRedis: newRegionLedger(c, "model", "r0"), clock: 1e15, own: portion{int64(rate * micros), burst}}
	frozen := func(source string) string {
		return strings.Replace(source, "redis.call('TIME')", "{0, redis.call('GET', 'clock-' .. KEYS[1])}", 1)
	}
	l.inRedis.scripts = newLedgerScripts(frozen(regionFastSource), frozen(ledgerSource))
	l.twin = &twin{now: func() int64 { return l.clock }}
	return l
}

// Move moves the clock, back too.
func (l *Ledgers) Move(ctx context.Context, us int64) error {
	l.clock += us
	return l.inRedis.coordinator.client.Set(ctx, "clock-"+l.inRedis.state.(string), strconv.FormatInt(l.clock, 10), 0).Err()
}

// Lose empties the ledger.
func (l *Ledgers) Lose(ctx context.Context) error {
	*l.twin = twin{now: l.twin.now}
	return l.inRedis.coordinator.client.Del(ctx, l.inRedis.state.(string), l.inRedis.asked.(string)).Err()
}

// By is who calls: a process that is right about the clock, one that finds that it went back, or one that looked
// before another era began.
type By int

// The three of them.
const (
	ByRight By = iota
	ByWitness
	ByLate
)

func (l *Ledgers) by(who By) witness {
	switch who {
	case ByWitness:
		return witness{fmt.Sprint(l.twin.era), l.clock + 1}
	case ByLate:
		return witness{fmt.Sprint(l.twin.era - 1), l.clock + 1}
	case ByRight:
	}
	return witness{fmt.Sprint(l.twin.era), l.clock}
}

// Take asks for permits.
func (l *Ledgers) Take(ctx context.Context, n int64, who By) error {
	by := l.by(who)
	allowed, used, rate, known := l.twin.take(n, by)
	cmd, err := l.inRedis.coordinator.run(ctx, l.inRedis.scripts.take, asInts, append(l.inRedis.scripts.take.call(6), "1", l.inRedis.state, "", n,
		by.era, by.least))
	if otherQuota(err) && !known {
		return nil
	}
	if err != nil {
		return err
	}
	want := []int64{0, used, rate}
	if allowed {
		want[0] = 1
	}
	if got := cmd.(ints).Val(); !slices.Equal(got, want) {
		return fmt.Errorf("take %d: redis says %v, the twin %v", n, got, want)
	}
	return nil
}

// Tick reports what a process is asked for, and takes back what some are lent. It may know of what was lent
// before.
func (l *Ledgers) Tick(ctx context.Context, process string, asked int64, knows bool, who By, back []string) error {
	c := tickCall{process: process, own: l.own, asked: asked, looked: l.by(who), tick: 100_000, known: nothing, cut: "r7 r8"}
	for _, region := range back {
		c.back = append(c.back, region, l.nonceOf(region))
	}
	if knows {
		c.known = l.last.lentText
	}
	want := l.twin.tick(c)
	got, err := l.inRedis.tick(ctx, c)
	if err != nil {
		return err
	}
	l.last = want
	return same("tick", got, want)
}

func (l *Ledgers) nonceOf(region string) string {
	for _, x := range l.twin.lent {
		if x.region == region {
			return x.nonce
		}
	}
	return nothing
}

// Lend has a region ask, which has or has not taken up what it was lent before.
func (l *Ledgers) Lend(ctx context.Context, region string, acks bool, want int64) error {
	l.nonce++
	c := lendCall{region: region, ack: nothing, nonce: fmt.Sprint("n", l.nonce), want: want, fresh: 300_000}
	if acks {
		c.ack = l.nonceOf(region)
	}
	ours := l.twin.lend(c)
	got, err := l.inRedis.lend(ctx, c)
	if err != nil {
		return err
	}
	if held := l.twin.held(); held > l.twin.share {
		return fmt.Errorf("lent %d of %d", held, l.twin.share)
	}
	return same("lend", got, ours)
}

// Borrow takes up a loan.
func (l *Ledgers) Borrow(ctx context.Context, region string, known bool, rate, ends, left int64, who By) error {
	l.nonce++
	c := borrowCall{
		region: region, before: nothing, nonce: fmt.Sprint("n", l.nonce), rate: rate, ends: max(l.clock+ends, 0), left: left, looked: l.by(who),
	}
	for _, b := range l.twin.borrowed {
		if known && b.region == region {
			c.before = b.nonce
		}
	}
	want := l.twin.borrow(c)
	got, err := l.inRedis.borrow(ctx, c)
	if err != nil {
		return err
	}
	return same("borrow", got, want)
}

func same(what string, got, want any) error {
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("%s: redis says %+v, the twin %+v", what, got, want)
}

// Bucket is the twin alone, for the bound of a bucket whose rate changes.
type Bucket struct {
	l    *Ledgers
	came float64
}

// NewBucket makes one that is full.
func NewBucket(rate float64, burst int) *Bucket {
	l := &Ledgers{clock: 1e15, own: portion{int64(rate * micros), burst}}
	l.twin = &twin{now: func() int64 { return l.clock }}
	l.last = l.twin.tick(tickCall{process: "p", own: l.own, tick: 100_000, known: nothing})
	return &Bucket{l: l}
}

// Pass lets time pass, slowly, and counts the permits that come at the rates there are.
func (b *Bucket) Pass(us int64) {
	const step = 50
	for ; us > 0; us -= step {
		b.l.clock += step
		b.came += float64(b.l.twin.rate()) * step / micros / micros
	}
}

// Came is how many permits have come, and Error by how many that may be wrong.
func (b *Bucket) Came() float64 { return b.came }

// Take takes a permit if there is one.
func (b *Bucket) Take() bool {
	allowed, _, _, _ := b.l.twin.take(1, b.l.by(ByRight))
	return allowed
}

// Lend, Repay and Borrow change the rate.
func (b *Bucket) Lend(region string, want int64) {
	b.l.nonce++
	b.l.twin.tick(tickCall{process: "p", own: b.l.own, tick: 100_000, known: nothing})
	b.l.twin.lend(lendCall{region: region, ack: b.l.nonceOf(region), nonce: fmt.Sprint(b.l.nonce), want: want, fresh: 300_000})
}

// Repay takes all back that a region was lent.
func (b *Bucket) Repay(region string) {
	b.l.twin.tick(tickCall{process: "p", own: b.l.own, tick: 100_000, known: nothing, back: []string{region, b.l.nonceOf(region)}})
}

// Borrow takes up a loan for a time.
func (b *Bucket) Borrow(region string, rate, us int64) {
	c := borrowCall{region: region, before: nothing, nonce: "n", rate: rate, ends: b.l.clock + us, left: us, looked: b.l.by(ByRight)}
	for _, x := range b.l.twin.borrowed {
		if x.region == region {
			c.before = x.nonce
		}
	}
	b.l.twin.borrow(c)
}

// Shares divides a limit by weights: millionths of a permit a second, and permits.
func Shares(rate limit.Rate, burst int, weights ...int) (shares []int64, bursts []int) {
	cfg := RegionalConfig{Rate: rate, Burst: burst}
	for _, w := range weights {
		cfg.Regions = append(cfg.Regions, Region{Weight: w})
	}
	for _, own := range cfg.portions() {
		shares, bursts = append(shares, own.share), append(bursts, own.burst)
	}
	return shares, bursts
}

// MicroRate is a rate in millionths of a permit a second.
var MicroRate = microRate

// ClockWatch is a process that calls its region, whose clock is set back. There is no other that sees it.
type ClockWatch struct {
	b       balancer
	now     time.Duration // true
	stepped time.Duration
	era     int
}

// Look is how a call came: when it was there, how long its answer took, and by how much the clock had been set
// back by then.
type Look struct{ At, Back, Stepped time.Duration }

// NewClockWatch makes one.
func NewClockWatch() *ClockWatch { return &ClockWatch{now: time.Hour} }

// Pass lets time pass.
func (c *ClockWatch) Pass(d time.Duration) { c.now += d }

// Call makes a call, while which the clock is set back, and reports whether the script sees that.
func (c *ClockWatch) Call(there, back, step time.Duration) (l *Look, seen bool) {
	by := c.b.looked(int64(c.now))
	c.now += there
	c.stepped += step
	shows := (c.now - c.stepped).Microseconds()
	seen = by.era == fmt.Sprint(c.era) && shows < by.least
	if seen {
		c.era++
	}
	l = &Look{At: c.now, Back: back, Stepped: c.stepped}
	c.now += back
	c.b.look(&view{now: shows, era: fmt.Sprint(c.era), received: int64(c.now)})
	return l, seen
}
