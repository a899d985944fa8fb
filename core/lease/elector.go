package lease

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Elector lets one of several instances lead: it campaigns for a lease on its name, and while it has one it
// leads. It is a core.Service. Most callers want [WhileLeader]; who runs something for as long as a
// term lasts takes it from [WithHook].
//
// Between the end of a term and the next there may be no leader: for at most the locker's TTL and a
// moment when a leader dies, and for the time of a request when it resigns. Two instances do not trust their
// leadership at the same time, as far as their clocks run at the same speed, see [Config.Margin]; what
// must not be done by two all the same is to check [Term.Token].
//
// All methods are safe for concurrent use.
type Elector struct {
	locker  *Locker
	inst    instrument
	metrics electorPoints
	hook    func(ctx context.Context, c Change)
	loop    *core.Loop

	term  atomic.Pointer[Term] // nil while it does not lead
	terms atomic.Int64
}

// Change is the beginning or the end of a term.
type Change struct {
	Elector string // the elector's name
	Term    *Term
	Leads   bool  // it begins
	Err     error // why it ended
}

// NewElector makes an Elector. Instances with the same name, and the same store below their lockers, elect
// one of them. An error names what is wrong.
func NewElector(name string, l *Locker, opts ...Option) (*Elector, error) {
	var faults core.Faults
	faults.Require(l != nil, "locker", l, "must not be nil")
	if err := core.Configure("lease", name, faults.Err()); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	e := &Elector{locker: l, hook: o.hook, inst: newInstrument(name, o)}
	e.metrics = e.inst.electorPoints()
	e.loop = core.Background(name, e.run)
	e.inst.startElector((*electorReading)(e))
	return e, nil
}

// Name is the name the elector was made with.
func (e *Elector) Name() string { return e.inst.name }

// Start begins to campaign. It never blocks, and does not need the store to be there. It can be started again
// after Stop.
func (e *Elector) Start(ctx context.Context) error {
	e.inst.reader.Reopen()
	return e.loop.Start(ctx)
}

// Stop resigns: the term's context ends, and when the tasks of [WhileLeader] have returned, the lease is
// released, so that another leads at once. It returns when that is done, or ctx has ended.
func (e *Elector) Stop(ctx context.Context) error {
	err := e.loop.Stop(ctx)
	e.inst.stop()
	return err
}

// Failed gives the error when campaigning ended before Stop.
func (e *Elector) Failed() <-chan error { return e.loop.Failed() }

// Leader gives the term while this instance leads. It looks at the clock, and does not block.
func (e *Elector) Leader() (term *Term, ok bool) {
	term = e.term.Load()
	if term == nil || term.ctx.Err() != nil {
		return nil, false
	}
	return term, true
}

// run campaigns and leads, in turns, until ctx ends.
func (e *Elector) run(ctx context.Context) error {
	for ctx.Err() == nil {
		lease, err := e.locker.acquire(request{
			ctx: ctx, holder: context.WithoutCancel(ctx), key: "leader:" + e.inst.name, wait: true, keep: true,
		})
		if err == nil {
			e.lead(ctx, lease)
			continue
		}
		select { // too many wait
		case <-time.After(jitter(e.locker.cfg.Poll)):
		case <-ctx.Done():
		}
	}
	return nil
}

// lead holds a term. When it is told to stop, it renews the lease until the term's tasks have returned.
func (e *Elector) lead(ctx context.Context, lease *Lease) {
	term := newTerm(lease)
	e.term.Store(term)
	e.terms.Add(1)
	e.changed(ctx, Change{Elector: e.inst.name, Term: term, Leads: true})
	select {
	case <-lease.ctx.Done():
	case <-ctx.Done():
	}
	why := lease.why() // which the term's context may not have been told yet
	if why == nil {
		why = &EndedError{e.locker.inst.name, lease.key, lease.token, released}
	}
	idle := term.end(why)
	e.term.Store(nil)
	select {
	case <-idle:
	case <-lease.ctx.Done():
	}
	_ = lease.Release(ctx) // told by the locker's telemetry
	e.changed(ctx, Change{Elector: e.inst.name, Term: term, Err: context.Cause(term.ctx)})
}

// changed tells of a change.
func (e *Elector) changed(ctx context.Context, c Change) {
	e.inst.leaderChanged(ctx, c)
	if e.hook == nil {
		return
	}
	err := core.Try(ctx, func(ctx context.Context) error {
		e.hook(context.WithoutCancel(ctx), c)
		return nil
	})
	if err != nil {
		e.inst.panicked(ctx, err)
	}
}

// String gives the name and whether it leads.
func (e *Elector) String() string {
	if term, ok := e.Leader(); ok {
		return fmt.Sprintf("elector %q: leads, term %d", e.inst.name, term.Token())
	}
	return fmt.Sprintf("elector %q: does not lead", e.inst.name)
}
