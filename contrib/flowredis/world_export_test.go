package flowredis

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/limit"
)

// World is regions that share a limit, with balancers that are the real ones, and ledgers, clocks and links
// that are not. It lives in a bubble. Its own clock is the true time.
type World struct {
	WorldConfig

	Admitted float64
	Peak     float64 // the most that all regions had at an instant, as a part of the limit
	Excess   float64 // permits above the limit, in the worst stretch of time
	Stepped  float64 // permits that steps of clocks forward may have brought
	Refused  int     // questions that did not bring the lender the answer it had taken up last

	mu      sync.Mutex
	rng     *rand.Rand            // of callers
	fate    *rand.Rand            // of who spoils the world
	ways    map[string]*rand.Rand // of messages, one for each sort that a process sends one after the other
	regions []*worldRegion
	cut     map[[2]int]fault
	late    map[string]late
	stop    context.CancelFunc
	all     sync.WaitGroup
	low     float64
	began   int64
}

// fault is what a link does to a call.
type fault uint8

const (
	faultNone     fault = iota
	faultRefused        // nothing gets through, and that is known
	faultLost           // nothing gets through
	faultNoAnswer       // calls get through, answers do not
)

// late is how much longer messages take: calls, and their answers.
type late struct{ there, back time.Duration }

type worldRegion struct {
	twin     *twin
	drift    float64
	offset   int64 // microseconds
	demand   float64
	admitted float64
	asked    []*balancer
	share    int64
}

// WorldConfig says what a world is like.
type WorldConfig struct {
	Seed      uint64
	Limit     float64 // permits a second
	Burst     int
	Regions   int // with equal shares
	Processes int // of each
	Loan      time.Duration
	Way       time.Duration // from one region to another: half of it to one and a half
	Drift     float64       // clocks run that much too fast or too slow, at the most
	Stalls    bool          // one in 200 messages is very late
}

// NewWorld makes regions and starts their processes.
func NewWorld(c WorldConfig) *World {
	w := &World{
		WorldConfig: c, rng: rand.New(rand.NewPCG(c.Seed, 1)), fate: rand.New(rand.NewPCG(c.Seed, 2)),
		ways: make(map[string]*rand.Rand), cut: make(map[[2]int]fault), late: make(map[string]late), began: clock.Now(),
	}
	cfg := RegionalConfig{Rate: limit.PerSecond(c.Limit), Burst: c.Burst}
	for i := range c.Regions {
		cfg.Regions = append(cfg.Regions, Region{Name: fmt.Sprint("r", i), Weight: 1})
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	total := int64(0)
	for _, own := range cfg.portions() {
		r := &worldRegion{drift: c.Drift * (2*w.fate.Float64() - 1), share: own.share, offset: 1e15 + w.fate.Int64N(1e9)}
		r.twin = &twin{now: func() int64 {
			return r.offset + int64(float64(clock.Now()-w.began)/1000*(1+r.drift))
		}}
		w.regions = append(w.regions, r)
		total += own.share
	}
	for i, own := range cfg.portions() {
		for p := range c.Processes {
			w.process(ctx, i, p, lending{region: cfg.Regions[i].Name, own: own, total: total, life: c.Loan})
		}
	}
	return w
}

// process starts one process of a region, with a clock of its own.
func (w *World) process(ctx context.Context, region, p int, l lending) {
	drift := w.Drift * (2*w.fate.Float64() - 1)
	began, name := w.began, fmt.Sprint(l.region, "-", p)
	b := &balancer{
		lending: l, process: name, home: path{w, name, region, region},
		clock:   func() int64 { return int64(float64(clock.Now()-began) * (1 + drift)) },
		waiting: func() int64 { return 0 },
	}
	for to := range w.regions {
		if to != region {
			b.links = append(b.links, &link{region: fmt.Sprint("r", to), ledger: path{w, name, region, to}, down: func() bool { return false }})
		}
	}
	w.regions[region].asked = append(w.regions[region].asked, b)
	w.all.Go(func() { _ = b.run(ctx) })
}

// End stops all processes.
func (w *World) End() {
	w.stop()
	w.all.Wait()
}

// path is how one region reaches a ledger.
type path struct {
	w        *World
	process  string
	from, to int
}

// dice are for messages of a process, of a sort that it sends one after the other. So a seed gives the same
// world again, whoever runs first at an instant.
func (p path) dice(sort string) *rand.Rand {
	way := fmt.Sprint(p.process, " ", p.to, " ", sort)
	rng := p.w.ways[way]
	if rng == nil {
		of := fnv.New64a()
		_, _ = of.Write([]byte(way))
		rng = rand.New(rand.NewPCG(p.w.Seed, of.Sum64()))
		p.w.ways[way] = rng
	}
	return rng
}

var (
	errLost    = errors.New("no answer")
	errRefused = errors.New("refused")
)

// reach takes a call along the path, and its answer back. A call that was given up may still arrive.
func reach[T any](ctx context.Context, p path, sort string, do func(*twin) T) (answer T, err error) {
	w := p.w
	w.mu.Lock()
	way := [2]int{p.from, p.to}
	f, dice, more := w.cut[way], p.dice(sort), w.late[strings.Fields(sort)[0]]
	budget, there, back := 300*time.Millisecond, p.latency(dice), p.latency(dice)
	if p.from == p.to {
		budget = homeBudget
	}
	there, back = there+more.there, back+more.back
	w.mu.Unlock()
	if f == faultRefused {
		return answer, errRefused
	}
	answers := make(chan T, 1)
	w.all.Go(func() {
		wait(ctx, there)
		w.mu.Lock()
		defer w.mu.Unlock()
		if f := w.cut[way]; f == faultLost || f == faultRefused {
			return
		}
		got := do(w.regions[p.to].twin)
		w.check()
		w.mu.Unlock()
		wait(ctx, back)
		w.mu.Lock()
		if w.cut[way] == faultNone {
			answers <- got
		}
	})
	select {
	case answer = <-answers:
		return answer, nil
	case <-time.After(budget):
	case <-ctx.Done():
	}
	return answer, errLost
}

// latency is how long a way takes: longer between regions, and now and then very long.
func (p path) latency(dice *rand.Rand) time.Duration {
	d := time.Duration(dice.Int64N(int64(2 * time.Millisecond)))
	if p.from != p.to {
		d = p.w.Way/2 + time.Duration(dice.Int64N(int64(p.w.Way)))
	}
	if p.w.Stalls && dice.IntN(200) == 0 {
		d += time.Duration(dice.Int64N(int64(time.Second)))
	}
	return d
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (p path) tick(ctx context.Context, c tickCall) (view, error) {
	return reach(ctx, p, "tick", func(t *twin) view { return t.tick(c) })
}

func (p path) lend(ctx context.Context, c lendCall) (loan, error) {
	return reach(ctx, p, "lend", func(t *twin) loan {
		l := t.lend(c)
		if t.there && !l.noted {
			p.w.Refused++
		}
		return l
	})
}

func (p path) borrow(ctx context.Context, c borrowCall) (bool, error) {
	return reach(ctx, p, "borrow "+c.region, func(t *twin) bool { return t.borrow(c) })
}

// homeBudget is how long a call within a region may take.
const homeBudget = 50 * time.Millisecond

// check sums what all regions have now: as a decision would find it that was on its way for all of the budget.
func (w *World) check() {
	sum := int64(0)
	for _, r := range w.regions {
		most := int64(0)
		for _, b := range r.asked {
			by := b.looked(b.clock())
			by.least -= int64(float64(homeBudget.Microseconds()) * (1 + 2*w.Drift))
			most = max(most, r.twin.rateFor(by))
		}
		sum += most
	}
	w.Peak = max(w.Peak, float64(sum)/micros/w.Limit)
}

// Run lets time pass, a millisecond at a time, in which callers ask.
func (w *World) Run(d time.Duration) {
	for range d / time.Millisecond {
		<-time.After(time.Millisecond)
		w.mu.Lock()
		for i, r := range w.regions {
			for range w.arrivals(r.demand / 1000) {
				w.ask(r, w.cut[[2]int{i, i}])
			}
		}
		w.check()
		w.mu.Unlock()
	}
}

// arrivals is how many callers come, when so many do on average.
func (w *World) arrivals(mean float64) (n int) {
	for p := w.rng.Float64(); p > math.Exp(-mean); n++ {
		p *= w.rng.Float64()
	}
	return n
}

// ask is one caller, of one of the region's processes, on its way to the region's own Redis.
func (w *World) ask(r *worldRegion, f fault) {
	b := r.asked[w.rng.IntN(len(r.asked))]
	b.asked.Add(1)
	now := float64(clock.Now()-w.began) / 1e9
	w.low = min(w.low, w.Admitted-w.Limit*(1+w.Drift)*now)
	if f == faultRefused || f == faultLost {
		return
	}
	if allowed, _, _, _ := r.twin.take(1, b.looked(b.clock())); !allowed || f != faultNone {
		return
	}
	w.Admitted++
	r.admitted++
	w.Excess = max(w.Excess, w.Admitted-w.Limit*(1+w.Drift)*now-w.low-float64(w.Burst)-w.Stepped)
}

// Demand sets what each region is asked for, in permits a second.
func (w *World) Demand(of ...float64) {
	for i, d := range of {
		w.regions[i].demand = d
	}
}

// Fault spoils the ways between regions, both or one, with one of three faults, or mends them.
func (w *World) Fault(from, to int, kind int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[[2]int{from, to}] = fault(kind)
}

// Heal mends all ways.
func (w *World) Heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.cut)
}

// Late makes messages of a sort late from now on: tick, lend or borrow, and what is answered.
func (w *World) Late(sort string, there, back time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late[sort] = late{there, back}
}

// Step sets the clock of a region's server forward or back.
func (w *World) Step(region int, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.regions[region]
	r.offset += d.Microseconds()
	if d > 0 {
		w.Stepped += float64(r.twin.burst) / micros
	}
}

// Lose empties the ledger of a region.
func (w *World) Lose(region int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.regions[region].twin
	*t = twin{now: t.now}
}

// Lent is what a region has lent to another one, and what that has borrowed, as parts of a share.
func (w *World) Lent(from, to int) (lent, borrowed float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	share := float64(w.regions[from].share)
	for _, l := range w.regions[from].twin.lent {
		if l.region == fmt.Sprint("r", to) {
			lent += float64(l.held) / share
		}
	}
	t := w.regions[to].twin
	for _, b := range t.borrowed {
		if b.region == fmt.Sprint("r", from) && b.ends > t.now() {
			borrowed += float64(b.rate) / share
		}
	}
	return lent, borrowed
}

// AdmittedIn is what a region has admitted so far.
func (w *World) AdmittedIn(region int) float64 { return w.regions[region].admitted }

// Rand is for who spoils the world.
func (w *World) Rand() *rand.Rand { return w.fate }
