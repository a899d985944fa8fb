package sched

import (
	"context"
	"slices"
	"sync"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// GroupConfig is the config of a [Group].
type GroupConfig struct {
	// Limit is how many tasks of the group may run at the same time. Defaults to 0: as many as the pool
	// has workers for.
	Limit int `json:"limit" yaml:"limit" env:"LIMIT"`
	// KeepGoing lets the other tasks go on when one has failed. Without it the first error ends the
	// group's context, and tasks that have not begun never do.
	KeepGoing bool `json:"keep_going" yaml:"keep_going" env:"KEEP_GOING"`
}

// Validate reports everything that is wrong with c.
func (c GroupConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Limit >= 0, "Limit", c.Limit, "must not be negative")
	return faults.Err()
}

// Group is many tasks that are one to their caller, who waits for all of them. Call Go for each, then Wait
// once. Both are safe for concurrent use.
//
// Groups may be nested: a task may wait for a group of its own in the same pool, even of one worker. While
// Wait waits, it lends the pool a goroutine in its place, which runs tasks of the group that have not
// begun. For the same reason Go never waits for room in the queue: when it is full, Go waits for a task of
// the group to be run so. Nothing runs more often at the same time than without.
type Group struct {
	pool   *Pool
	era    *era
	cfg    GroupConfig
	ctx    context.Context //nolint:containedctx // the tasks'; the group is not kept longer than its caller waits
	cancel context.CancelCauseFunc
	nested bool // the caller is a task of the pool

	mu       sync.Mutex
	changed  sync.Cond
	list     []*groupTask // that have not begun, from first on
	first    int
	left     int  // tasks that have not ended
	running  int  // tasks that have begun and not ended
	tickets  int  // in the queue, each to run the next task of list
	standing bool // a goroutine stands in for Wait
	errs     []error
	more     int // errors beyond those kept
}

// ticket is a group in the queue of its pool: it lets a worker run the group's next task.
type ticket Group

func (*ticket) run(context.Context) error { return nil }
func (*ticket) abandon(error)             {}

// groupTask is a task of a group.
type groupTask struct {
	call
	group *Group
	task  core.Task
	at    int64 // when it was put in the list, if it is timed
}

func (t *groupTask) run(ctx context.Context) error { return t.task(ctx) }
func (t *groupTask) abandon(err error)             { t.settle(err) }

// Group begins a group of tasks whose caller waits under ctx. Their context is ctx, which ends also with
// the first error of the group, when Wait returns, and when the pool is stopped and cannot wait any longer.
// A wrong config is the error of Wait, as are its tasks' then.
func (p *Pool) Group(ctx context.Context, cfg GroupConfig) *Group {
	g := &Group{pool: p, cfg: cfg, nested: within(ctx, p)}
	g.changed.L = &g.mu
	g.ctx, g.cancel = context.WithCancelCause(context.WithValue(ctx, poolKey{}, p))
	if err := core.Configure(pkg, p.inst.name, cfg.Validate()); err != nil {
		g.fail(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	g.era = p.era
	if g.era.ended {
		g.cancel(p.stopped())
	} else {
		g.era.groups[g] = struct{}{}
	}
	return g
}

// Go adds a task to the group. It does not wait for it, but when the pool's queue is full: then Go waits
// until one of the group's tasks has run in its place. In a group with a Limit it also waits while as many
// tasks have not begun as the queue has room for; a task must not add to its own group then.
func (g *Group) Go(task core.Task, opts ...TaskOption) {
	t, err := g.prepare(task, opts)
	if err != nil {
		g.mu.Lock()
		g.fail(err)
		g.mu.Unlock()
		return
	}
	if !g.add(t) {
		return
	}
	g.pool.tickets.Add(1)
	switch v := g.pool.push(item{work: (*ticket)(g)}, t.option.priority); {
	case v == taken:
		g.pool.signal()
		return
	case v == closed && !g.nested:
		g.refuse(t)
	default:
		g.takeTicket()
		if !g.runOne() {
			g.refuse(t)
		}
		return
	}
	g.takeTicket()
}

// prepare makes the task.
func (g *Group) prepare(task core.Task, opts []TaskOption) (*groupTask, error) {
	if task == nil {
		return nil, g.pool.invalid("task")
	}
	o, err := g.pool.options(opts)
	if err != nil {
		return nil, err
	}
	t := &groupTask{group: g, task: task}
	t.call = call{taskContext: taskContext{values: g.ctx, waited: true, whole: true}, option: o}
	if g.pool.inst.scope.Traced(g.ctx) {
		t.at = clock.Now()
	}
	return t, nil
}

// add puts t into the list, and reports whether it needs a ticket.
func (g *Group) add(t *groupTask) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.cfg.Limit > 0 && g.waiting() >= g.pool.cfg.Queue {
		g.stand()
	}
	g.list = append(g.list, t)
	g.left++
	g.pool.grouped.Add(1)
	g.changed.Broadcast()
	return g.addTicket()
}

// waiting is how many tasks have not begun.
func (g *Group) waiting() int { return len(g.list) - g.first }

// addTicket counts a ticket, if the limit leaves a use for it. The caller holds mu.
func (g *Group) addTicket() bool {
	if g.cfg.Limit > 0 && g.tickets+g.running >= g.cfg.Limit {
		return false
	}
	g.tickets++
	return true
}

// takeTicket uncounts a ticket that was not put into the queue, or has left it.
func (g *Group) takeTicket() {
	g.pool.tickets.Add(-1)
	g.mu.Lock()
	g.tickets--
	g.mu.Unlock()
}

// ready reports whether a task may begin. The caller holds mu.
func (g *Group) ready() bool {
	return g.waiting() > 0 && (g.cfg.Limit == 0 || g.running < g.cfg.Limit)
}

// take begins the group's next task, if one may begin.
func (g *Group) take(withTicket bool) (item, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if withTicket {
		g.tickets--
	}
	if !g.ready() {
		return item{}, false
	}
	t := g.pop()
	g.running++
	return item{work: t, at: t.at}, true
}

// pop takes the next task out of the list. The caller holds mu.
func (g *Group) pop() *groupTask {
	t := g.list[g.first]
	g.list[g.first] = nil
	if g.first++; g.first == len(g.list) {
		g.list, g.first = g.list[:0], 0
	}
	g.pool.grouped.Add(-1)
	return t
}

// settle notes that a task has ended.
func (t *groupTask) settle(err error) {
	g := t.group
	g.mu.Lock()
	g.running--
	g.left--
	if err != nil {
		g.fail(err)
	}
	again := g.waiting() > 0 && g.addTicket()
	g.changed.Broadcast()
	g.mu.Unlock()
	if again {
		g.again(t.option.priority)
	}
}

// again puts a ticket into the queue for a task that had to wait for the limit.
func (g *Group) again(priority Priority) {
	p := g.pool
	p.tickets.Add(1)
	if p.push(item{work: (*ticket)(g)}, priority) == taken {
		p.signal()
		return
	}
	g.takeTicket()
	if !p.lend(g.era, g.supply(1), nil) {
		g.forsakeAll(p.stopped())
	}
}

// fail keeps an error. The caller holds mu.
func (g *Group) fail(err error) {
	if len(g.errs) < maxErrors {
		g.errs = append(g.errs, err)
	} else {
		g.more++
	}
	if !g.cfg.KeepGoing {
		g.cancel(err)
	}
}

// maxErrors is how many errors a group keeps.
const maxErrors = 64

// refuse takes out a task that the pool no longer takes, if it has not begun all the same.
func (g *Group) refuse(t *groupTask) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.list, t)
	if i < 0 {
		return
	}
	g.list = slices.Delete(g.list, i, i+1)
	g.pool.grouped.Add(-1)
	g.pool.rejected.Add(1)
	g.left--
	g.fail(g.pool.stopped())
	g.changed.Broadcast()
}

// forsake gives up the next task. It reports whether there was one.
func (g *Group) forsake(err error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting() == 0 {
		return false
	}
	g.pop()
	g.left--
	g.fail(err)
	g.changed.Broadcast()
	return true
}

// forsakeAll gives up all tasks that have not begun, because the pool was stopped.
func (g *Group) forsakeAll(err error) {
	for g.forsake(err) {
		g.pool.returned.Add(1)
	}
}
