package flowredis

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// ledger is what one region has of a limit, in its Redis. Its scripts say what its calls do.
type ledger interface {
	tick(ctx context.Context, c tickCall) (view, error)
	lend(ctx context.Context, c lendCall) (loan, error)
	borrow(ctx context.Context, c borrowCall) (taken bool, err error)
}

// tickCall is what a process tells its region.
type tickCall struct {
	process string
	own     portion
	asked   int64 // micro-permits a second
	looked  witness
	tick    int64    // microseconds
	known   string   // to be lent
	cut     string   // regions that do not answer
	back    []string // to be taken back: pairs of region and nonce
}

// view is a ledger as a process saw it.
type view struct {
	now      int64 // microseconds of the server's clock
	era      string
	demand   int64 // micro-permits a second
	kept     int64 // micro-permits a second
	balances bool  // this process
	lentText string
	lent     []lentTo
	borrowed []borrowedFrom
	cut      []string

	asked, received int64 // on this process's clock
}

// lentTo is what another region has of this one's share.
type lentTo struct {
	region, nonce string
	held          int64
}

// borrowedFrom is what this region has of another one's share.
type borrowedFrom struct {
	region, nonce string
	rate          int64
}

// from is what is borrowed from a region.
func (v *view) from(region string) borrowedFrom {
	for _, b := range v.borrowed {
		if b.region == region {
			return b
		}
	}
	return borrowedFrom{region: region, nonce: nothing}
}

// nothing stands for no nonce, and for no ledger.
const nothing = "-"

// lendCall asks a region for a rate.
type lendCall struct {
	region     string // that asks
	ack, nonce string
	want       int64
	fresh      int64 // microseconds
}

// loan is what a region answers.
type loan struct {
	noted bool
	rate  int64
	most  int64 // that could be had
}

// borrowCall takes up a loan.
type borrowCall struct {
	region        string // that lends
	before, nonce string
	rate          int64
	ends          int64 // microseconds of the server's clock
	left          int64 // microseconds
	looked        witness
}

// regionLedger is the ledger of a region in Redis.
type regionLedger struct {
	coordinator  *Coordinator
	scripts      *ledgerScripts
	state, asked any // keys
}

func newRegionLedger(c *Coordinator, name, region string) regionLedger {
	key := func(kind string) any { return named(c.cfg.Prefix, name, "region-"+region+kind) }
	return regionLedger{c, regionScripts, key(""), key("-asked")}
}

func (l regionLedger) tick(ctx context.Context, c tickCall) (view, error) {
	call := append(l.scripts.tick.call(12+len(c.back)), "2", l.state, l.asked,
		c.process, c.own.share, int64(c.own.burst)*micros, c.asked, c.looked.era, c.looked.least, c.tick, c.known, c.cut)
	for _, arg := range c.back {
		call = append(call, arg)
	}
	cmd, err := l.coordinator.run(ctx, l.scripts.tick, asTexts, call)
	if err != nil {
		return view{}, err
	}
	return readView(cmd.(texts).Val())
}

func (l regionLedger) lend(ctx context.Context, c lendCall) (loan, error) {
	call := append(l.scripts.lend.call(7), "1", l.state, c.region, c.ack, c.nonce, c.want, c.fresh)
	cmd, err := l.coordinator.run(ctx, l.scripts.lend, asInts, call)
	if err != nil {
		return loan{}, err
	}
	reply := cmd.(ints).Val()
	if len(reply) != 3 || reply[0]|1 != 1 || reply[1] < 0 || reply[2] < 0 || reply[1] > c.want {
		return loan{}, errOddReply
	}
	return loan{noted: reply[0] == 1, rate: reply[1], most: reply[2]}, nil
}

func (l regionLedger) borrow(ctx context.Context, c borrowCall) (bool, error) {
	call := append(l.scripts.borrow.call(10), "1", l.state, c.region, c.before, c.nonce, c.rate, c.ends, c.left,
		c.looked.era, c.looked.least)
	cmd, err := l.coordinator.run(ctx, l.scripts.borrow, asInts, call)
	if err != nil {
		return false, err
	}
	reply := cmd.(ints).Val()
	return len(reply) == 1 && reply[0] == 1, nil
}

// readView reads what the script of a tick answers.
func readView(reply []string) (v view, err error) {
	if len(reply) != 8 {
		return view{}, errOddReply
	}
	n := numbers{}
	v = view{
		now: n.of(reply[0]), era: reply[1], demand: n.of(reply[2]), kept: n.of(reply[3]), balances: reply[4] == "1",
		lentText: reply[5], cut: strings.Fields(reply[7]),
	}
	for line := range strings.Lines(reply[5]) {
		if f := n.fields(line, 5); f != nil {
			v.lent = append(v.lent, lentTo{f[0], f[1], n.of(f[3])})
		}
	}
	for line := range strings.Lines(reply[6]) {
		if f := n.fields(line, 4); f != nil {
			v.borrowed = append(v.borrowed, borrowedFrom{f[0], f[1], n.of(f[2])})
		}
	}
	return v, n.err
}

// numbers reads numbers, and keeps the first error.
type numbers struct{ err error }

func (n *numbers) of(text string) int64 {
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil || i < 0 {
		n.err = errors.Join(n.err, errOddReply)
	}
	return i
}

// fields gives the fields of a line, or nil when they are not so many.
func (n *numbers) fields(line string, want int) []string {
	f := strings.Fields(line)
	if len(f) != want {
		n.err = errOddReply
		return nil
	}
	return f
}
