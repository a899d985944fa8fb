package flowredis

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/label"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// holdingsKind is of the keys of concurrency limits.
const holdingsKind = "cc"

// holdings are the permits of a concurrency limit that this process holds.
type holdings struct {
	name        string
	mark        label.Mark
	coordinator *Coordinator
	cfg         ConcurrencyConfig
	inst        instrument
	metrics     limiterPoints
	tally       tally
	waiting     atomic.Int64
	turn        chan struct{} // held by the one who asks for those who wait; nil when there is no order
	freed       chan struct{} // of one: a permit was given back here
	next        atomic.Int64  // of the names of holdings
	closed      atomic.Bool
	share       holdingsShare

	mu   sync.Mutex
	held map[*Permit]struct{} // in Redis
	owed map[*Permit]struct{} // to be released yet
}

func (h *holdings) init(name string, c *Coordinator, cfg ConcurrencyConfig, opts []Option) error {
	var faults core.Faults
	faults.Require(c != nil, "coordinator", c, "must not be nil")
	err := errors.Join(faults.Err(), cfg.Validate())
	if cfg = cfg.withDefaults(); err == nil {
		err = cfg.fits(c)
	}
	if err = core.Configure(pkg, name, err); err != nil {
		return err
	}
	h.name, h.mark, h.coordinator, h.cfg = name, label.NewMark("limiter", name), c, cfg
	h.freed = make(chan struct{}, 1)
	h.held, h.owed = make(map[*Permit]struct{}), make(map[*Permit]struct{})
	h.inst = newInstrument(opts)
	h.metrics = newLimiterPoints(name, flowconv.LimiterAlgorithmConcurrency)
	h.tally.waiting = &h.waiting
	h.inst.startLimiter((*holdingsReading)(h), limiterAttributes(name, flowconv.LimiterAlgorithmConcurrency))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holdings[h] = struct{}{}
	return nil
}

// Name is the name the limit was made with.
func (h *holdings) Name() string { return h.name }

// Close takes the limit out of telemetry; its counts stay in its kind's totals. It goes on to work, and what
// is held stays held. It is idempotent.
func (h *holdings) Close() {
	h.closed.Store(true)
	h.inst.stop()
}

// do runs task while it holds a permit.
func (h *holdings) do(ctx context.Context, t target, task core.Task) error {
	p, err := h.acquire(ctx, t, 1, h.cfg.Wait)
	if err != nil {
		return err
	}
	defer p.Release()
	ctx, cancel := p.within(ctx)
	defer cancel(nil)
	return task(ctx)
}

// acquire takes n permits, counts, and makes the span under which Redis is asked.
func (h *holdings) acquire(ctx context.Context, t target, n int, wait bool) (*Permit, error) {
	start := clock.Now()
	if !h.inst.scope.Traced(ctx) {
		p, o, err := h.acquireNow(ctx, start, t, n, wait)
		h.tally.count(o.outcome, o.mode, n)
		return p, err
	}
	ctx, span := h.inst.scope.Start(ctx, spanAcquire+h.name, limiterAttributes(h.name, flowconv.LimiterAlgorithmConcurrency)...)
	p, o, err := h.acquireNow(ctx, start, t, n, wait)
	h.tally.count(o.outcome, o.mode, n)
	failure := err
	if errors.Is(err, core.ErrRejected) {
		failure = nil
	}
	h.inst.end(span, o, failure)
	return p, err
}

// acquireNow takes n permits, now or when there are some.
func (h *holdings) acquireNow(ctx context.Context, start int64, t target, n int, wait bool) (*Permit, observation, error) {
	o := observation{n: n, outcome: outcomeDenied, mode: h.coordinator.Mode(), key: t.user}
	if n <= 0 || n > h.cfg.Limit {
		return nil, o, &limit.PermitsError{Limiter: h.name, Permits: n, Burst: h.cfg.Limit}
	}
	if !wait || h.turn == nil || h.waiting.Load() == 0 {
		p, mode, err := h.try(ctx, t, n)
		if o.mode = mode; err == nil {
			o.outcome = outcomeAllowed
		}
		if full := (*limit.FullError)(nil); !wait || !errors.As(err, &full) {
			return p, o, err
		}
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(h.cfg.MaxWaiters) {
		return nil, o, &limit.FullError{Limiter: h.name, Limit: h.cfg.Limit, Waiters: h.cfg.MaxWaiters}
	}
	p, err := h.inLine(ctx, t, &o)
	if o.outcome != outcomeDenied {
		h.inst.waited(ctx, time.Duration(clock.Now()-start), err)
	}
	return p, o, err
}

// How long the first in line waits before it asks again.
const (
	firstLook  = 2 * time.Millisecond
	seldomLook = 100 * time.Millisecond
)

// inLine waits for the turn, then asks until there are permits.
func (h *holdings) inLine(ctx context.Context, t target, o *observation) (*Permit, error) {
	if h.turn != nil {
		select {
		case h.turn <- struct{}{}:
			defer func() { <-h.turn }()
		case <-ctx.Done():
			return h.gaveUp(ctx, o)
		}
	}
	for pause := firstLook; ; pause = min(2*pause, seldomLook) {
		p, mode, err := h.try(ctx, t, o.n)
		o.mode = mode
		full := (*limit.FullError)(nil)
		switch {
		case err == nil:
			o.outcome = outcomeDelayed
			return p, nil
		case ended(ctx) != nil:
			return h.gaveUp(ctx, o)
		case !errors.As(err, &full):
			return nil, err
		}
		select {
		case <-h.freed:
			pause = firstLook
		case <-time.After(pause/2 + rand.N(pause/2)):
		case <-ctx.Done():
			return h.gaveUp(ctx, o)
		}
	}
}

// gaveUp is the end of a wait whose caller's context has ended.
func (h *holdings) gaveUp(ctx context.Context, o *observation) (*Permit, error) {
	o.outcome = outcomeCancelled
	return nil, &limit.WaitError{Limiter: h.name, Err: ended(ctx)}
}

// try takes n permits in Redis, or from the fallback.
func (h *holdings) try(ctx context.Context, t target, n int) (*Permit, Mode, error) {
	if cause := ended(ctx); cause != nil {
		return nil, Coordinated, &CanceledError{Instance: h.name, Err: cause}
	}
	p := &Permit{holdings: h, target: t, n: n, lost: make(chan struct{})}
	allowed, err := h.ask(ctx, p)
	switch {
	case err == nil && allowed:
		return p, Coordinated, nil
	case err == nil:
		return nil, Coordinated, &limit.FullError{Limiter: h.name, Limit: h.cfg.Limit}
	}
	if cause := ended(ctx); cause != nil {
		return nil, Coordinated, &CanceledError{Instance: h.name, Err: cause}
	}
	p.member = nil
	err = h.fallBack(p, err)
	if err != nil {
		return nil, Degraded, err
	}
	return p, Degraded, nil
}

// ask takes a permit in Redis.
func (h *holdings) ask(ctx context.Context, p *Permit) (bool, error) {
	c := h.coordinator
	p.member = c.id + "." + strconv.FormatInt(h.next.Add(1), 36) + ":" + strconv.Itoa(p.n)
	call := append(acquireScript.call(6), "1", p.target.state, p.member, p.n, h.cfg.Limit, h.cfg.Lease.Microseconds())
	asked := clock.Now()
	cmd, err := c.run(ctx, acquireScript, asInts, call)
	if err != nil {
		h.disown(p, err)
		return false, err
	}
	reply := cmd.(ints).Val()
	if len(reply) != 2 || reply[0]|1 != 1 {
		return false, errOddReply
	}
	if reply[0] == 1 {
		p.until.Store(asked + int64(h.cfg.Lease))
		h.mu.Lock()
		h.held[p] = struct{}{}
		h.mu.Unlock()
	}
	return reply[0] == 1, nil
}
