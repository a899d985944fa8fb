package sched

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// meter counts the runs of the jobs that had one name, one after the other. It outlives them, so that no
// counter runs backwards.
type meter struct {
	name   string
	runs   [outcomeCount]atomic.Int64
	active atomic.Int64
	points [outcomeCount + 1]telemetry.Point // the last is of active
	root   *telemetry.Root

	once             sync.Once
	durations, delay *telemetry.Durations // made with the first run
}

const (
	// maxMeters is how many names of jobs a scheduler reports; further ones share one.
	maxMeters = 200
	others    = "_other"
)

// meterOf finds or makes the meter of a name.
func (s *Scheduler) meterOf(name string) *meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meter(name)
}

// meter is meterOf for who holds the lock.
func (s *Scheduler) meter(name string) *meter {
	m := s.meters[name]
	if m == nil && len(s.meters) >= maxMeters {
		name = others
		m = s.meters[name]
	}
	if m == nil {
		m = newMeter(name, s.scope)
		s.meters[name] = m
	}
	return m
}

func newMeter(name string, scope *telemetry.Scope) *meter {
	named := flowconv.JobNameKey.String(name)
	m := &meter{name: name, root: scope.NewRoot(spanRun+name, named)}
	for o := range Outcome(outcomeCount) {
		m.points[o] = telemetry.NewPoint(flowconv.JobRuns, named, flowconv.JobOutcomeKey.String(o.String()))
	}
	m.points[outcomeCount] = telemetry.NewPoint(flowconv.JobRunActive, named)
	return m
}

// record notes how long a run took and how late it started.
func (m *meter) record(ctx context.Context, s *Scheduler, p past) {
	m.once.Do(func() {
		named := flowconv.JobNameKey.String(m.name)
		m.durations = s.reader.Durations(flowconv.JobRunDuration, named)
		m.delay = s.reader.Durations(flowconv.JobStartDelay, named)
	})
	m.durations.Record(ctx, time.Duration(p.took), failureOf(p.err))
	m.delay.Record(ctx, time.Duration(max(0, p.lateness())), nil)
}

func (m *meter) observe(o *telemetry.Observer) {
	for i := range m.runs {
		o.Observe(&m.points[i], m.runs[i].Load())
	}
	o.Observe(&m.points[outcomeCount], m.active.Load())
}

// skipped counts a run that was left out; the caller holds the lock.
func (j *Job) skipped() { j.count(Skipped, 1) }

// missed counts runs that were given up, and tells of them once; the caller holds the lock.
func (j *Job) missed(n int, first int64) {
	j.count(Missed, n)
	due := time.Unix(0, first)
	j.scheduler.scope.Event(j.more().values, log.SeverityWarn, flowconv.EventJobMissed,
		fmt.Sprintf("job %q: %d runs missed, the first of them due %s", j.name, n, due.Format(time.RFC3339)),
		flowconv.JobNameKey.String(j.name), flowconv.JobMissedKey.Int(n),
		flowconv.JobScheduledTimeKey.String(due.Format(time.RFC3339Nano)))
}

// broken tells that the job's trigger does not work; the caller holds the lock.
func (j *Job) broken(p *core.PanicError) {
	panicked(j.more().values, j.scheduler.scope, flowconv.EventJobPanic, "job", j.name, flowconv.JobNameKey, p)
}

// SchedulerStats is what a [Scheduler] holds now.
type SchedulerStats struct {
	Jobs    int // named jobs that will run or run
	Pending int // named jobs that wait for their time; those that are paused do not
	Timers  int // tasks of [Scheduler.After] that wait for their time
}

// Stats reads what is scheduled. What jobs have done is in [Job.Stats].
func (s *Scheduler) Stats() SchedulerStats {
	s.mu.Lock()
	jobs := len(s.jobs)
	s.mu.Unlock()
	pending := int(s.armed.Load())
	watch := 0
	if s.watching.Load() {
		watch = 1
	}
	return SchedulerStats{Jobs: jobs, Pending: pending, Timers: max(0, s.wheel.Len()-pending-watch)}
}

type schedulerPoints struct{ pending, timers telemetry.Point }

func newSchedulerPoints(name string) schedulerPoints {
	named := flowconv.SchedulerNameKey.String(name)
	return schedulerPoints{
		telemetry.NewPoint(flowconv.SchedulerJobPending, named),
		telemetry.NewPoint(flowconv.SchedulerTimerPending, named),
	}
}

// schedulerReading is how a scheduler is read at collection, kept off its method set.
type schedulerReading Scheduler

func (r *schedulerReading) Observe(o *telemetry.Observer) {
	s := (*Scheduler)(r)
	st := s.Stats()
	o.Observe(&s.points.pending, int64(st.Pending))
	o.Observe(&s.points.timers, int64(st.Timers))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.meters {
		m.observe(o)
	}
}
