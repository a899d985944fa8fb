package flowredis

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Regional is one limit for several regions, each with a Redis of its own. Each has a share of it, and
// decisions are made there, in one round trip within the region. What a region is not asked for it
// lends, for less than a second at a time, to those that are asked for more than they have; in sum all have
// no more than the limit, at any instant, whatever becomes of the links between them. A region that is cut
// off has its own share. Bursts are divided and stay so.
//
// It is a limit.Limiter and a limit.Waiter, and a core.Service: started, it reports what it is asked for, and
// lends and borrows. Most callers want [Regional.Allow] in a handler, and [Regional.Wait] in a worker. All
// methods are safe for concurrent use.
type Regional struct {
	name     string
	home     *Coordinator
	links    []*Coordinator
	limiter  *Limiter
	balancer *balancer
	loop     *core.Loop
	inst     instrument
	metrics  regionPoints
	still    atomic.Pointer[still]
}

// still is what is surely not lent, as of a view.
type still struct {
	view  *view
	quota *quota
}

var (
	_ limit.Limiter = (*Regional)(nil)
	_ limit.Waiter  = (*Regional)(nil)
	_ core.Service  = (*Regional)(nil)
)

// NewRegional makes a limiter for this process's region. The name is the limit's in all regions, its
// telemetry's and its errors'. A wrong config is an error that names every field at fault. It asks Redis
// nothing yet. Until it is started it does not borrow. Close it when it is no longer needed.
func NewRegional(name string, cfg RegionalConfig, opts ...Option) (*Regional, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	r := &Regional{name: name, inst: newInstrument(opts)}
	if err := r.build(cfg, opts); err != nil {
		r.Close()
		return nil, err
	}
	r.loop = core.Background(name, r.balancer.run)
	r.metrics = newRegionPoints(name, cfg.Region)
	r.inst.startRegion((*regionReading)(r))
	return r, nil
}

func (r *Regional) build(cfg RegionalConfig, opts []Option) error {
	b := &balancer{process: newID(), clock: clock.Now, demand: demand{at: clock.Now()}, lending: lending{region: cfg.Region, life: cfg.Loan}}
	r.balancer = b
	for i, own := range cfg.portions() {
		region, here := cfg.Regions[i], cfg.Regions[i].Name == cfg.Region
		b.total += own.share
		c, err := r.coordinate(region, cfg, here, opts)
		if err != nil {
			return err
		}
		at := newRegionLedger(c, r.name, region.Name)
		if here {
			r.home, b.home, b.own = c, at, own
			continue
		}
		r.links = append(r.links, c)
		b.links = append(b.links, &link{region: region.Name, ledger: at, down: func() bool { return c.Mode() == Degraded }})
	}
	return r.decideBy(cfg, opts)
}

// coordinate makes the coordinator for a region: of the one this process is in, or of another one, which is
// asked for loans alone.
func (r *Regional) coordinate(region Region, cfg RegionalConfig, here bool, opts []Option) (*Coordinator, error) {
	own := cfg.Coordinator
	if !here {
		own.Budget = cfg.Loan / 2
	}
	c, err := New(r.name+"/"+region.Name, region.Client, own, opts...)
	if err == nil && !here {
		c.told = func(to Mode, cause error) { r.inst.linkChanged(r.name, cfg.Region, region.Name, to, cause) }
	}
	return c, err
}

// decideBy makes the limiter that decides in the region.
func (r *Regional) decideBy(cfg RegionalConfig, opts []Option) (err error) {
	own := r.balancer.own
	r.limiter, err = newLimiter(r.name, r.home, settings{
		algorithm: regional(own), rate: rateOf(own.share), burst: own.burst,
		fallback: cfg.Fallback, maxWaiters: cfg.MaxWaiters, batch: cfg.Batch,
	}, opts)
	if err != nil {
		return err
	}
	r.limiter.reach = false
	r.limiter.target.state = r.balancer.home.(regionLedger).state
	r.limiter.restore, r.limiter.alone = r.restore, r.alone
	r.limiter.witness = func() witness { return r.balancer.looked(clock.Now()) }
	r.balancer.waiting = r.limiter.waiting.Load
	return nil
}

// rateOf is micro-permits a second as a rate.
func rateOf(share int64) limit.Rate { return limit.PerSecond(float64(max(share, 1)) / micros) }

// Name is the name the limiter was made with.
func (r *Regional) Name() string { return r.name }

// Allow takes a permit if there is one. It waits for the region's Redis, within the budget and ctx, never for
// permits.
func (r *Regional) Allow(ctx context.Context) bool { return r.AllowN(ctx, 1) }

// AllowN takes n permits if there are so many, or none. It is false when [Regional.Take] gives an error.
func (r *Regional) AllowN(ctx context.Context, n int) bool {
	r.balancer.came(ctx, n)
	return r.limiter.AllowN(ctx, n)
}

// Take takes n permits if there are so many, or none, and describes the decision, as things are in the
// region. When there are more depends on what is lent meanwhile. The errors are those of [Limiter.Take].
func (r *Regional) Take(ctx context.Context, n int) (limit.Decision, error) {
	r.balancer.came(ctx, n)
	return r.limiter.Take(ctx, n)
}

// Wait takes a permit, and blocks until it comes, as [Limiter.Wait] does.
func (r *Regional) Wait(ctx context.Context) error { return r.WaitN(ctx, 1) }

// WaitN is [Regional.Wait] for n permits.
func (r *Regional) WaitN(ctx context.Context, n int) error {
	r.balancer.came(ctx, n)
	return r.limiter.WaitN(ctx, n)
}

// Start begins to lend and to borrow. It returns when the region's Redis has answered once, or the budget is
// over: that a Redis is down is no error.
func (r *Regional) Start(ctx context.Context) error {
	if err := r.home.Start(ctx); err != nil {
		return err
	}
	if err := r.loop.Start(ctx); err != nil {
		return fmt.Errorf("flowredis: %w", err)
	}
	return nil
}

// Stop ends it. What is borrowed ends by itself, and decisions go on with what there is. It waits until
// nothing runs any more, or ctx ends. It is idempotent.
func (r *Regional) Stop(ctx context.Context) error {
	if err := r.loop.Stop(ctx); err != nil {
		return fmt.Errorf("flowredis: %w", err)
	}
	return r.home.Stop(ctx)
}

// Close takes the limiter out of telemetry. Call it after Stop. It is idempotent, and leaves the clients open.
func (r *Regional) Close() {
	r.inst.stop()
	if r.limiter != nil {
		r.limiter.Close()
	}
	for _, c := range r.links {
		c.Close()
	}
	if r.home != nil {
		r.home.Close()
	}
}

// String gives the name, the region and what is its own.
func (r *Regional) String() string {
	b := r.balancer
	return fmt.Sprintf("regional limiter %q in %q: %v, burst %d of its own", r.name, b.region, rateOf(b.own.share), b.own.burst)
}

// recently is how long ago the ledger may have been put back by another caller.
const recently = 5 * time.Millisecond

// restore makes the region's ledger, or puts back what is known of one that Redis has lost.
func (r *Regional) restore(ctx context.Context) error {
	if v := r.balancer.view.Load(); v != nil && clock.Now()-v.received < int64(recently) {
		return nil
	}
	_, err := r.balancer.tick(ctx)
	return err
}

// alone is what the region's processes share when its Redis cannot be asked: at first what surely is not
// lent, and the whole share when all that may have been lent has run out.
func (r *Regional) alone(whole *quota) *quota {
	b := r.balancer
	v := b.view.Load()
	if v == nil || clock.Now()-v.received > int64(b.fresh()+b.life+b.margin()) {
		return whole
	}
	s := r.still.Load()
	if s == nil || s.view != v {
		s = &still{v, r.limiter.algorithm.quota(rateOf(v.kept), whole.burst, 0, "")}
		r.still.Store(s)
	}
	return s.quota
}

// regional is the algorithm of a region: a token bucket that its ledger keeps.
func regional(own portion) *algorithm {
	return &algorithm{
		name:    flowconv.LimiterAlgorithmTokenBucket,
		kind:    "region",
		script:  regionScripts.take,
		prepare: func(limit.Rate, int) ([]any, reader) { return nil, own },
	}
}

// decision reads whether it was allowed, the micro-permits in use, and the rate.
func (p portion) decision(reply []int64, n int) (limit.Decision, bool) {
	if len(reply) != 3 || reply[0]|1 != 1 || reply[1] < 0 || reply[2] < 0 {
		return limit.Decision{}, false
	}
	d := p.describe(reply[1], reply[2])
	d.Allowed = reply[0] == 1
	if !d.Allowed {
		d.RetryAfter = p.after(reply[1]+int64(n-p.burst)*micros, reply[2])
	}
	return d, true
}

func (p portion) full(n int) limit.Decision {
	d := p.describe(int64(n)*micros, p.share)
	d.Allowed = true
	return d
}

// describe is what is left when so much is used, and permits come back at a rate.
func (p portion) describe(used, rate int64) limit.Decision {
	used = min(used, int64(p.burst)*micros) // the burst may be another in the ledger, for a moment
	d := limit.Decision{
		Limit:      p.burst,
		Remaining:  int(int64(p.burst) - (used+micros-1)/micros),
		Window:     p.after(int64(p.burst)*micros, p.share),
		ResetAfter: p.after(used, rate),
	}
	if used > 0 {
		d.NextAfter = p.after(used+int64(d.Remaining+1-p.burst)*micros, rate)
	}
	return d
}

const longest = 366 * 24 * time.Hour

// after is when so many micro-permits are back. What was lent comes back when it is asked for, so a rate below
// the share does not count.
func (p portion) after(n, rate int64) time.Duration {
	if n <= 0 {
		return 0
	}
	us := math.Ceil(float64(n) / float64(max(rate, p.share)) * micros)
	return min(time.Duration(us), longest/time.Microsecond) * time.Microsecond
}
