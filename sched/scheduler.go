package sched

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
	"github.com/goflow-go/goflow/telemetry"
)

// Scheduler runs jobs when they are due: a [Job] is a [Trigger] and a task, under a name. It also runs
// tasks once, later, without a name ([Scheduler.After]), by the million. It is a core.Service.
//
// Jobs and tasks may be added before Start; nothing runs until then. Everything due runs on a [Pool],
// each job by its rules for runs that overlap and runs that were missed. One goroutine sleeps until the
// next is due; there is no polling. All methods are safe for concurrent use.
type Scheduler struct {
	name   string
	cfg    Config
	scope  *telemetry.Scope
	values []any
	pool   *Pool
	shared bool // the pool is the user's
	wheel  *wheel.Wheel[timed]
	wall   wallClock

	reader *telemetry.Registration
	points schedulerPoints

	armed    atomic.Int64 // jobs that the wheel holds
	watching atomic.Bool  // the wheel holds the watch over the wall clock
	flight   flight       // runs on a shared pool

	turn sync.Mutex // held by Start and Stop

	mu      sync.Mutex
	started bool
	jobs    map[string]*Job
	meters  map[string]*meter
}

// timed is what the wheel holds: when its time has come it adds the work there is to ws.
type timed interface {
	due(s *Scheduler, now int64, ws []work) []work
}

// New makes a scheduler. The name is its telemetry's and its errors'. A wrong config is an error that
// names every field at fault. Start it, and stop it when it is no longer needed.
func New(name string, cfg Config, opts ...Option) (*Scheduler, error) {
	o := newOptions(opts)
	var faults core.Faults
	faults.Require(o.pool == nil || cfg.Workers == 0, "Workers", cfg.Workers, "must not be set with WithPool")
	if err := core.Configure(pkg, name, errors.Join(cfg.Validate(), faults.Err())); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Scheduler{
		name: name, cfg: cfg, values: o.values, pool: o.pool, shared: o.pool != nil,
		scope: telemetry.NewScope(scopeName, o.telemetry...),
		jobs:  make(map[string]*Job), meters: make(map[string]*meter),
	}
	if !s.shared {
		pool, err := NewPool(name, PoolConfig{MaxWorkers: cfg.Workers, Queue: max(runQueue, cfg.Workers)}, WithTelemetry(o.telemetry...))
		if err != nil {
			return nil, err
		}
		s.pool = pool
	}
	s.wall.init(o.clocks)
	s.wheel = wheel.New(s.fire)
	s.wheel.Pause()
	s.points = newSchedulerPoints(name)
	s.reader = schedulers.Register(s.scope, (*schedulerReading)(s))
	return s, nil
}

// runQueue is how many runs may wait for a worker before the wheel holds them back.
const runQueue = 4096

// Name is the name the scheduler was made with.
func (s *Scheduler) Name() string { return s.name }

// Start lets jobs and tasks run. Those whose time passed before are treated by their misfire rules. It
// does not block. A second Start is an error until Stop was called.
func (s *Scheduler) Start(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.running() {
		return fmt.Errorf("sched: scheduler %q is already started", s.name)
	}
	if !s.shared {
		if err := s.pool.Start(ctx); err != nil {
			return err
		}
	}
	s.setRunning(true)
	s.reader.Reopen()
	s.wheel.Resume()
	s.catchUp()
	return nil
}

// catchUp starts what waited for a run that ended while the scheduler was stopped.
func (s *Scheduler) catchUp() {
	var ws []work
	for _, j := range s.Jobs() {
		j.mu.Lock()
		ws = j.resume(ws)
		j.mu.Unlock()
	}
	s.hand(ws)
}

// Stop keeps anything more from starting and waits for what runs, or waits for a worker. When nine
// tenths of the time that ctx has left are over, it ends the contexts of what still runs, and when ctx
// ends it returns an [*UnfinishedError] that says what was left. What is not due yet stays scheduled and
// goes on with the next Start. Stop is idempotent, and safe without Start.
func (s *Scheduler) Stop(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.setRunning(false)
	s.wheel.Pause()
	err := s.drain(ctx)
	s.reader.Close()
	var left *UnfinishedError
	if errors.As(err, &left) {
		left.Kind, left.Name, left.Running = "scheduler", s.name, s.active()
	}
	return err
}

// drain waits for what was handed to the pool.
func (s *Scheduler) drain(ctx context.Context) error {
	if !s.shared {
		return s.pool.Stop(ctx)
	}
	done := s.flight.landed()
	if mostlyWait(ctx, done) {
		return nil
	}
	for _, j := range s.Jobs() {
		j.interrupt(&StoppedError{Kind: "scheduler", Name: s.name})
	}
	if wait(ctx, done) {
		return nil
	}
	return &UnfinishedError{Cause: context.Cause(ctx)}
}

// running reports whether it is between Start and Stop.
func (s *Scheduler) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started
}

func (s *Scheduler) setRunning(started bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = started
}

// active names the jobs that run, once for each run.
func (s *Scheduler) active() (names []string) {
	for _, j := range s.Jobs() {
		for range j.Stats().Active {
			names = append(names, j.name)
		}
	}
	return names
}

// fire is what the wheel calls with what is due.
func (s *Scheduler) fire(batch []timed) {
	s.look()
	now := clock.Now()
	ws := make([]work, 0, min(len(batch), portion))
	for i, t := range batch {
		ws = t.due(s, now, ws)
		if len(ws) < portion && i < len(batch)-1 {
			continue
		}
		if len(batch) > crowd {
			thin(ws)
		}
		s.hand(ws)
		ws = ws[:0]
	}
}

const (
	// portion is how many works are handed over together: enough to share the cost, and few enough for
	// the first not to wait for the last.
	portion = 256
	// Of more than crowd runs that are due at once only one in sample is timed: what it costs to record
	// would make the others late.
	crowd  = 1000
	sample = 64
)

// thin leaves all but a few runs untimed.
func thin(ws []work) {
	first := rand.IntN(sample)
	for i, w := range ws {
		if r, ok := w.(*run); ok {
			r.untimed = i%sample != first
		}
	}
}

// hand gives works to the pool. What it has no room for is tried again soon: until then the wheel holds
// it, so that a full pool holds up nothing but what wants to run on it.
func (s *Scheduler) hand(ws []work) {
	const again = int64(time.Millisecond)
	for len(ws) > 0 {
		priority, n := priorityOf(ws[0]), 1
		for n < len(ws) && priorityOf(ws[n]) == priority {
			n++
		}
		taken := s.pool.offer(ws[:n], priority)
		for _, w := range ws[taken:n] {
			s.wheel.At(clock.Now()+again, w.(timed))
		}
		ws = ws[n:]
	}
}

func priorityOf(w work) Priority {
	if r, ok := w.(*run); ok {
		return r.option.priority
	}
	return Normal
}

// Job finds a job by its name; ok is false when there is none that will run or runs.
func (s *Scheduler) Job(name string) (j *Job, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok = s.jobs[name]
	return j, ok
}

// Jobs lists the jobs that will run or run, by name.
func (s *Scheduler) Jobs() []*Job {
	s.mu.Lock()
	list := make([]*Job, 0, len(s.jobs))
	for _, j := range s.jobs {
		list = append(list, j)
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b *Job) int { return strings.Compare(a.name, b.name) })
	return list
}

// String gives the name and how much is scheduled.
func (s *Scheduler) String() string {
	st := s.Stats()
	return fmt.Sprintf("scheduler %q: %d jobs, %d timers", s.name, st.Jobs, st.Timers)
}
