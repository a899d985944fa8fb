package flowredis

import (
	"context"
	_ "embed"
	"strconv"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/internal/clock"
)

// Leases keeps leases in Redis: a lease.Store that all processes share whose coordinators use the same
// Redis and prefix. Give it to lease.NewLocker. Make it with [NewLeases]; it needs no closing, and is safe for
// concurrent use.
//
// A key is one value in Redis, and a request one script on the server's clock. It is sent once and never
// again if it may have run. What a server that is about to be another refused is tried again until the caller's
// context ends, a second at most. Requests go past the coordinator's gate, as who holds a lease or waits for
// one has a pace of its own, and a lease that could be renewed must not be lost because limiters found Redis
// slow. Their round trips are counted among the coordinator's.
//
// # What holds, and what does not
//
// Tokens rise. They are not below the server's time in microseconds, so they rise even when Redis lost all it
// had, unless its clock was set back meanwhile, or a server that takes over is behind by more than the
// failover took. While Redis keeps a key, which it does for an hour after its last use, clocks do not matter.
//
// A key is given to another too early when Redis forgets it: a restart without persistence, FLUSHALL, a failover
// before the lease was replicated, a clock that is set forward. So a lease is for efficiency, and the token
// is for safety: a resource that refuses tokens below the highest it has seen takes no late write. With the
// settings of the package's documentation, what a failover loses ends after 1.5 s.
//
// When the answer to a request for a key is lost, the Locker gives the key back under the owner it asked
// for. Should Redis not answer that either, the key is free when the lease's time is over.
type Leases struct {
	coordinator *Coordinator
	names       keyNames
}

var _ lease.Store = (*Leases)(nil)

// leaseBudget is the longest a request for a lease may take, when its caller allows more.
const leaseBudget = time.Second

//go:embed lease.lua
var leaseSource string

var leaseScript = newScript(leaseSource)

// What the script is told to do, boxed once.
var (
	leaseAcquire any = "acquire"
	leaseExtend  any = "extend"
	leaseRelease any = "release"
)

// NewLeases makes a store of leases. It asks Redis nothing yet. An error says that there is no coordinator.
func NewLeases(c *Coordinator) (*Leases, error) {
	var faults core.Faults
	faults.Require(c != nil, "coordinator", c, "must not be nil")
	if err := core.Configure(pkg, "leases", faults.Err()); err != nil {
		return nil, err
	}
	return &Leases{c, keyNames{c.cfg.Prefix + ":{", "}:lease" + keyVersion}}, nil
}

// Acquire gives key to owner for ttl if it is free, or owner's already.
func (l *Leases) Acquire(ctx context.Context, key, owner string, ttl time.Duration) (lease.Grant, error) {
	r, err := l.ask(ctx, leaseAcquire, key, owner, ttl)
	if err != nil {
		return lease.Grant{}, err
	}
	remaining := time.Duration(r.left) * time.Microsecond
	switch r.state {
	case 1:
		return lease.Grant{State: lease.Granted, Token: uint64(r.token)}, nil
	case 2:
		return lease.Grant{State: lease.Done, Remaining: remaining}, nil
	}
	return lease.Grant{State: lease.Held, Remaining: remaining}, nil
}

// Extend lets owner hold key for ttl from now, if it does.
func (l *Leases) Extend(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	r, err := l.ask(ctx, leaseExtend, key, owner, ttl)
	return r.state == 1, err
}

// Release frees key if owner holds it, or marks it as done.
func (l *Leases) Release(ctx context.Context, key, owner string, keep time.Duration) (bool, error) {
	r, err := l.ask(ctx, leaseRelease, key, owner, keep)
	return r.state == 1, err
}

// leaseReply is what the script gives.
type leaseReply struct{ state, token, left int64 }

func leaseReplyOf(reply []int64) (r leaseReply, ok bool) {
	if len(reply) != 3 {
		return r, false
	}
	r = leaseReply{reply[0], reply[1], reply[2]}
	return r, 0 <= r.state && r.state <= 2 && r.token >= 0 && r.left >= 0
}

// ask sends the script, and waits for as long as ctx lets it, a second at most.
func (l *Leases) ask(ctx context.Context, verb any, key, owner string, d time.Duration) (leaseReply, error) {
	c := l.coordinator
	if cause := ended(ctx); cause != nil {
		return leaseReply{}, &CanceledError{Instance: c.name, Err: cause}
	}
	call := append(leaseScript.call(5), "1", l.names.of(key), verb, owner, strconv.FormatInt(d.Microseconds(), 10))
	reply, err := c.runPatiently(ctx, leaseScript, call)
	switch {
	case err != nil && ctx.Err() != nil:
		return leaseReply{}, &CanceledError{Instance: c.name, Err: context.Cause(ctx)}
	case err != nil:
		return leaseReply{}, c.unavailable(c.name, err)
	}
	r, ok := leaseReplyOf(reply)
	if !ok {
		return leaseReply{}, c.unavailable(c.name, errOddReply)
	}
	return r, nil
}

// runPatiently is run past the gate, within what ctx allows instead of the budget of a decision.
func (c *Coordinator) runPatiently(ctx context.Context, s *script, call []any) ([]int64, error) {
	start := clock.Now()
	budget := leaseBudget
	if deadline, ok := ctx.Deadline(); ok {
		budget = max(min(budget, time.Until(deadline)), time.Microsecond)
	}
	cmd, v, err := c.askWithin(ctx, &c.patience, budget, start, c.alone, s, asInts, call)
	now := clock.Now()
	if v == notRun || v == unknown {
		c.lookAround(now)
	}
	c.inst.roundTrip(ctx, time.Duration(now-start), err)
	if err != nil {
		return nil, err
	}
	return cmd.(ints).Val(), nil
}
