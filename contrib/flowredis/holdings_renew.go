package flowredis

import (
	"context"
	"errors"
	"sync"

	"github.com/goflow-go/goflow/internal/clock"
)

// release gives back what a permit holds.
func (h *holdings) release(p *Permit) {
	if p.back != nil {
		p.back()
	}
	if p.member != nil {
		h.mu.Lock()
		delete(h.held, p)
		h.mu.Unlock()
		if !h.releaseNow(context.Background(), p) {
			h.owe(p)
		}
	}
	select {
	case h.freed <- struct{}{}:
	default: // who waits will look anyway
	}
}

// releaseNow releases in Redis, and reports whether that is done.
func (h *holdings) releaseNow(ctx context.Context, p *Permit) bool {
	call := append(releaseScript.call(4), "1", p.target.state, p.member, p.n)
	_, err := h.coordinator.run(ctx, releaseScript, asInts, call)
	return err == nil
}

// owe lets the next heartbeat release.
func (h *holdings) owe(p *Permit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owed[p] = struct{}{}
}

// disown lets the next heartbeat release what may have been taken by a call that had no answer. Who
// gave up would not wait for it.
func (h *holdings) disown(p *Permit, why error) {
	if v, _ := judge(why); v == notRun || errors.Is(why, errShut) {
		return
	}
	lost := &Permit{holdings: h, target: p.target, n: p.n, member: p.member}
	lost.until.Store(clock.Now() + int64(h.cfg.Lease))
	h.owe(lost)
}

// tend renews what is held and releases what is owed. It is called with every heartbeat, also when Redis
// cannot be asked: what will end before the next one is lost then.
func (h *holdings) tend(ctx context.Context) {
	var all sync.WaitGroup
	for state, permits := range h.byKey() {
		all.Go(func() {
			h.mark.Label()
			h.renew(ctx, state, permits)
		})
	}
	for _, p := range h.debts() {
		all.Go(func() {
			h.mark.Label()
			if h.releaseNow(ctx, p) {
				h.mu.Lock()
				delete(h.owed, p)
				h.mu.Unlock()
			}
		})
	}
	all.Wait()
	if h.closed.Load() && h.idle() {
		h.coordinator.mu.Lock()
		delete(h.coordinator.holdings, h)
		h.coordinator.mu.Unlock()
	}
}

// idle reports whether there is nothing to tend.
func (h *holdings) idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.held) == 0 && len(h.owed) == 0
}

// mostRenewed is how many permits one call renews.
const mostRenewed = 1000

// byKey gives what is held, by key.
func (h *holdings) byKey() map[any][]*Permit {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := make(map[any][]*Permit)
	for p := range h.held {
		keys[p.target.state] = append(keys[p.target.state], p)
	}
	return keys
}

// debts gives what is owed, but for what has ended by now.
func (h *holdings) debts() (all []*Permit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := clock.Now()
	for p := range h.owed {
		if now >= p.until.Load() {
			delete(h.owed, p)
			continue
		}
		all = append(all, p)
	}
	return all
}

// renew renews permits of one key.
func (h *holdings) renew(ctx context.Context, state any, permits []*Permit) {
	for len(permits) > 0 {
		n := min(len(permits), mostRenewed)
		h.renewSome(ctx, state, permits[:n])
		permits = permits[n:]
	}
}

func (h *holdings) renewSome(ctx context.Context, state any, permits []*Permit) {
	call := append(renewScript.call(3+len(permits)), "1", state, h.cfg.Lease.Microseconds())
	for _, p := range permits {
		call = append(call, p.member)
	}
	c, asked := h.coordinator, clock.Now()
	cmd, err := c.runBy(ctx, c.batches.process, renewScript, asInts, call)
	var known []int64
	if err == nil {
		known = cmd.(ints).Val()
	}
	soon := clock.Now() + int64(c.cfg.Heartbeat+c.cfg.Budget)
	for i, p := range permits {
		switch {
		case len(known) == len(permits) && known[i] == 1:
			p.until.Store(asked + int64(h.cfg.Lease))
		case len(known) == len(permits) || soon >= p.until.Load():
			h.lose(p)
		}
	}
}

// lose ends a holding that no one released.
func (h *holdings) lose(p *Permit) {
	if p.leave(isLost) {
		h.mu.Lock()
		delete(h.held, p)
		h.mu.Unlock()
		h.owe(p) // it may be there still
	}
}
