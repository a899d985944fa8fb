package sched

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/stripe"
	"github.com/goflow-go/goflow/telemetry"
)

const pkg = "sched"

// Pool runs tasks in a bounded number of goroutines, its workers, and lets a bounded number of tasks
// wait for them.
//
// Submit is for work no one waits for, [Go] for a result, and Group for many tasks that are one. A task
// may submit others to its own pool. A task that panics or ends its goroutine has failed: no worker is
// lost. Every task that was accepted is counted once, as completed, failed, panicked, cancelled (its
// caller had given up before it began), dropped or returned (see Stop).
//
// Tasks of one priority begin about in the order in which they were accepted; in a pool made with
// MaxWorkers 1, exactly so. All methods are safe for concurrent use.
type Pool struct {
	cfg    PoolConfig
	inst   poolInstrument
	values []any
	hook   func(ctx context.Context, task core.Task)
	shards []shard
	mask   uint32
	always bool // every task gets a span

	hints  sync.Pool // of *shard: mostly the same for goroutines on one processor
	hinted atomic.Uint32
	homes  [stripe.Cells]atomic.Pointer[shard] // see guess

	_ [64]byte

	// What every submission and every worker looks at, and few write.
	min, max  atomic.Int32
	workers   atomic.Int32 // of the current era
	excess    atomic.Int32 // how many of them are to end
	idle      atomic.Int32 // how many of them are parked
	searching atomic.Int32 // how many have been woken or started and have found nothing yet
	armed     atomic.Bool  // the timer of the scaler runs
	blocked   atomic.Int32 // how many submitters wait for room
	hasty     atomic.Int32 // how many of them are to be woken as soon as there is any

	_ [64]byte

	room waiters

	lifecycle sync.Mutex // of Start and of the end of Stop

	mu      sync.Mutex // guards what follows; never taken by who holds a shard's
	era     *era
	all     []*worker // that have not ended, of all eras
	parked  []*worker // who was parked last is woken first
	ended   outcomes  // of workers that are no more
	scaler  *time.Timer
	step    int // how many workers the scaler started last
	reaper  *time.Timer
	reaping bool // the timer of the reaper runs

	rejected, dropped, returned atomic.Int64
	grouped                     atomic.Int64 // tasks of groups that wait
	tickets                     atomic.Int64 // tickets of groups in the queue
	lent                        atomic.Int64 // tasks begun by workers lent to a group
}

// NewPool makes a pool, ready to use. The name is its telemetry's and its errors'. A wrong config is an
// error that names every field at fault. Stop it when it is no longer needed.
func NewPool(name string, cfg PoolConfig, opts ...Option) (*Pool, error) {
	if err := core.Configure(pkg, name, cfg.Validate()); err != nil {
		return nil, err
	}
	o := newOptions(opts)
	p := &Pool{cfg: cfg.withDefaults(), values: o.values, hook: o.dropped}
	p.min.Store(int32(p.cfg.MinWorkers))
	p.max.Store(int32(p.cfg.MaxWorkers))
	p.divide()
	p.hints.New = func() any { return &p.shards[(p.hinted.Add(1)-1)&p.mask] }
	p.scaler = stoppedTimer(p.scale)
	p.reaper = stoppedTimer(p.reap)
	p.inst = newPoolInstrument(name, o)
	p.always = p.inst.scope.Traced(context.Background())
	p.begin()
	p.inst.start(p)
	return p, nil
}

// stoppedTimer makes a timer that does not run yet.
func stoppedTimer(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// leastRoom is how many tasks a shard has room for at least, when there are several.
const leastRoom = 16

// divide makes the shards: a power of two of them, about one for each processor. What must be strictly in
// order has one.
func (p *Pool) divide() {
	n := 1
	for n < runtime.GOMAXPROCS(0) && 2*n <= p.cfg.MaxWorkers && 2*n*leastRoom <= p.cfg.Queue {
		n *= 2
	}
	if p.cfg.Overflow == DropOldest {
		n = 1
	}
	p.shards, p.mask = make([]shard, n), uint32(n-1)
	for i := range p.shards {
		p.shards[i].index = uint32(i)
		p.shards[i].room = int32(p.cfg.Queue / n)
		if i < p.cfg.Queue%n {
			p.shards[i].room++
		}
	}
	for i := range p.homes {
		p.homes[i].Store(&p.shards[uint32(i)&p.mask])
	}
}

// Name is the name the pool was made with.
func (p *Pool) Name() string { return p.inst.name }

// String gives the name and the bounds.
func (p *Pool) String() string {
	return fmt.Sprintf("pool %q: %d to %d workers, queue of %d", p.inst.name, p.min.Load(), p.max.Load(), p.cfg.Queue)
}

// Submit gives the pool a task that no one waits for. When the queue is full it does as Overflow says;
// under [Block] it waits for room until ctx ends.
//
// ctx bounds this wait only. The task runs under a context of the pool's, which ends when the pool is
// stopped and cannot wait for the task any longer, and which has ctx's span context and baggage, and its
// values under the keys named by [WithValues].
//
// The error is a [*FullError] when there is no room, a [*StoppedError] when the pool is stopped, or
// matches core.ErrInvalid. A task that would wait for room in its own pool gets a FullError at once: if all
// workers did so, none could make room.
func (p *Pool) Submit(ctx context.Context, task core.Task, opts ...TaskOption) error {
	if ctx == context.Background() && task != nil && len(opts) == 0 {
		if p.push(item{work: deferred(task)}, Normal) == taken {
			p.signal()
			return nil
		}
	}
	it, o, err := p.prepare(ctx, task, opts)
	if err != nil {
		return err
	}
	return p.put(ctx, it, o.priority)
}

// TrySubmit is Submit that never waits: when the queue is full and not to drop its oldest, it returns a
// [*FullError].
func (p *Pool) TrySubmit(ctx context.Context, task core.Task, opts ...TaskOption) error {
	it, o, err := p.prepare(ctx, task, opts)
	if err != nil {
		return err
	}
	v := p.push(it, o.priority)
	if v == full && p.cfg.Overflow == DropOldest {
		v = p.displace(it, o.priority)
	}
	return p.verdict(v)
}

// SubmitBatch is Submit of many tasks, for less than one by one. It returns how many were accepted, the
// first n of tasks, and an error when these are not all.
func (p *Pool) SubmitBatch(ctx context.Context, tasks []core.Task, opts ...TaskOption) (n int, err error) {
	for i, task := range tasks {
		if task == nil {
			return 0, p.invalid(fmt.Sprintf("tasks[%d]", i))
		}
	}
	var chunk [most]work
	for n < len(tasks) {
		batch := chunk[:min(most, len(tasks)-n)]
		var it item
		var o TaskOption
		for i := range batch {
			if it, o, err = p.prepare(ctx, tasks[n+i], opts); err != nil {
				return n, err
			}
			batch[i] = it.work
		}
		k := p.offer(batch, o.priority)
		n += k
		if k == len(batch) {
			continue
		}
		it.work = batch[k]
		if err = p.put(ctx, it, o.priority); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// prepare makes the item of a task that no one waits for.
func (p *Pool) prepare(ctx context.Context, task core.Task, opts []TaskOption) (it item, o TaskOption, err error) {
	if task == nil {
		return it, o, p.invalid("task")
	}
	if o, err = p.options(opts); err != nil {
		return it, o, err
	}
	it.work = deferred(task)
	values := context.Background()
	if !isEmpty(ctx) {
		values = telemetry.Detach(ctx, p.values...)
	}
	if values == context.Background() && o.set&setTimeout == 0 {
		return it, o, nil
	}
	a := &attended{call: call{option: o}, work: it.work}
	if values != context.Background() {
		a.values = values
	}
	it.work = a
	if p.linked(values) {
		it.at = clock.Now()
	}
	return it, o, nil
}

// options merges and checks options.
func (p *Pool) options(opts []TaskOption) (TaskOption, error) {
	if len(opts) == 0 {
		return TaskOption{}, nil
	}
	o := taskOptions(opts)
	if o.valid() {
		return o, nil
	}
	return o, core.Configure(pkg, p.inst.name, o.faults())
}

// invalid says that an argument is nil.
func (p *Pool) invalid(argument string) error {
	var faults core.Faults
	faults.Require(false, argument, nil, "must not be nil")
	return core.Configure(pkg, p.inst.name, faults.Err())
}

// linked reports whether a task with this detached context gets a span.
func (p *Pool) linked(values context.Context) bool {
	return p.always || trace.SpanContextFromContext(values).IsSampled()
}
