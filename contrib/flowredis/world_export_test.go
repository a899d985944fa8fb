package flowredis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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
	Stepped  float64 // permits that steps of clocks may have brought

	mu      sync.Mutex
	rng     *rand.Rand // of links and callers
	fate    *rand.Rand // of who spoils the world
	regions []*worldRegion
	cut     map[[2]int]fault
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
	Drift     float64 // clocks run that much too fast or too slow, at the most
	Stalls    bool    // one in 200 messages is very late
}

// NewWorld makes regions and starts their processes.
func NewWorld(c WorldConfig) *World {
	w := &World{
		WorldConfig: c, rng: rand.New(rand.NewPCG(c.Seed, 1)), fate: rand.New(rand.NewPCG(c.Seed, 2)), cut: make(map[[2]int]fault), began: clock.Now(),
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
	began := w.began
	b := &balancer{
		lending: l, process: fmt.Sprint(l.region, "-", p), home: path{w, region, region},
		clock:   func() int64 { return int64(float64(clock.Now()-began) * (1 + drift)) },
		waiting: func() int64 { return 0 },
	}
	for to := range w.regions {
		if to != region {
			b.links = append(b.links, &link{region: fmt.Sprint("r", to), ledger: path{w, region, to}, down: func() bool { return false }})
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
	from, to int
}

var (
	errLost    = errors.New("no answer")
	errRefused = errors.New("refused")
)

// reach takes a call along the path, and its answer back. A call that was given up may still arrive.
func reach[T any](ctx context.Context, p path, do func(*twin) T) (answer T, err error) {
	w := p.w
	w.mu.Lock()
	way := [2]int{p.from, p.to}
	f := w.cut[way]
	budget, there, back := 300*time.Millisecond, w.latency(p, 60*time.Millisecond), w.latency(p, 60*time.Millisecond)
	if p.from == p.to {
		budget = 50 * time.Millisecond
	}
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
func (w *World) latency(p path, far time.Duration) time.Duration {
	d := time.Duration(w.rng.Int64N(int64(2 * time.Millisecond)))
	if p.from != p.to {
		d = far/2 + time.Duration(w.rng.Int64N(int64(far)))
	}
	if w.Stalls && w.rng.IntN(200) == 0 {
		d += time.Duration(w.rng.Int64N(int64(time.Second)))
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
	return reach(ctx, p, func(t *twin) view { return t.tick(c) })
}

func (p path) lend(ctx context.Context, c lendCall) (loan, error) {
	return reach(ctx, p, func(t *twin) loan { return t.lend(c) })
}

func (p path) borrow(ctx context.Context, c borrowCall) (bool, error) {
	return reach(ctx, p, func(t *twin) bool { return t.borrow(c) })
}

// check sums what all regions have now.
func (w *World) check() {
	sum := int64(0)
	for _, r := range w.regions {
		sum += r.twin.rate()
	}
	w.Peak = max(w.Peak, float64(sum)/micros/w.Limit)
}

// Run lets time pass, a millisecond at a time, in which callers ask.
func (w *World) Run(d time.Duration) {
	for range d / time.Millisecond {
		<-time.After(time.Millisecond)
		w.mu.Lock()
		for _, r := range w.regions {
			for range w.arrivals(r.demand / 1000) {
				w.ask(r)
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

// ask is one caller, of one of the region's processes.
func (w *World) ask(r *worldRegion) {
	r.asked[w.rng.IntN(len(r.asked))].asked.Add(1)
	now := float64(clock.Now()-w.began) / 1e9
	w.low = min(w.low, w.Admitted-w.Limit*(1+w.Drift)*now)
	if allowed, _, _, _ := r.twin.take(1); !allowed {
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

// mostUnseen is by how much a clock may go back without being seen: the margins of a loan are for that too.
const mostUnseen = 80 * time.Millisecond

// Step sets the clock of a region's server forward or back. It does not set it back where no one could see that,
// because no one was there for longer: what is borrowed lasts longer then, until someone is.
func (w *World) Step(region int, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.regions[region]
	if -d > mostUnseen && r.twin.now()+d.Microseconds() >= r.twin.at {
		return
	}
	r.offset += d.Microseconds()
	w.Stepped += float64(r.twin.burst) / micros
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
