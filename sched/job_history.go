package sched

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Outcome is what became of a run.
type Outcome uint8

const (
	// Success is a run whose task succeeded.
	Success Outcome = iota
	// Failure is a run whose task returned an error, panicked or ended its goroutine.
	Failure
	// Skipped is a run that was not to be: the one before still ran, or a policy refused it.
	Skipped
	// Missed is a run whose time had passed and that the misfire rule gave up.
	Missed
	// Cancelled is a run that was told to end before it was done, or that never began because the
	// scheduler was stopped.
	Cancelled
	outcomeCount = iota
)

// String gives the name that metrics carry.
func (o Outcome) String() string {
	switch o {
	case Success:
		return flowconv.JobOutcomeSuccess
	case Failure:
		return flowconv.JobOutcomeFailure
	case Skipped:
		return flowconv.JobOutcomeSkipped
	case Missed:
		return flowconv.JobOutcomeMissed
	case Cancelled:
		return flowconv.JobOutcomeCancelled
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// Run is a run of a job that is over.
type Run struct {
	Scheduled time.Time     // when it was due
	Started   time.Time     // when it started; zero if it never did
	Duration  time.Duration // how long it took
	Lateness  time.Duration // from when it was due to when it started
	Outcome   Outcome
	Err       error // what the task, or a policy, returned
}

// History gives the last runs, the latest last: as many as Config.History says. Runs that overlapped or
// were missed are not among them; [Job.Stats] counts those.
func (j *Job) History() []Run {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.extra == nil {
		return nil
	}
	return j.extra.history.list()
}

// past is a Run as it is kept: a third of the size.
type past struct {
	scheduled, started int64 // wall clock; started is 0 when it never did
	took               int64
	err                error
	outcome            Outcome
}

func (p *past) lateness() int64 {
	if p.started == 0 {
		return 0
	}
	return p.started - p.scheduled
}

func (p *past) run() Run {
	r := Run{
		Scheduled: time.Unix(0, p.scheduled), Duration: time.Duration(p.took),
		Lateness: time.Duration(p.lateness()), Outcome: p.outcome, Err: p.err,
	}
	if p.started != 0 {
		r.Started = time.Unix(0, p.started)
	}
	return r
}

// history is a ring of runs.
type history struct {
	runs []past
	at   int // of the oldest, once the ring is full
}

func (h *history) add(r past, most int) {
	switch {
	case len(h.runs) < most:
		if h.runs == nil {
			h.runs = make([]past, 0, min(most, 16))
		}
		h.runs = append(h.runs, r)
	case most > 0:
		h.runs[h.at] = r
		h.at = (h.at + 1) % most
	}
}

func (h *history) list() []Run {
	list := make([]Run, 0, len(h.runs))
	for i := range h.runs {
		list = append(list, h.runs[(h.at+i)%len(h.runs)].run())
	}
	return list
}

// JobStats is what a [Job] has counted since it was scheduled.
type JobStats struct {
	Success   int64 // runs that succeeded
	Failure   int64 // runs that failed or panicked
	Skipped   int64 // runs left out by the overlap rule or refused by a policy
	Missed    int64 // runs given up by the misfire rule
	Cancelled int64 // runs told to end
	Active    int   // runs under way, or about to be
	Waiting   int   // runs that wait for one under way
}

// Stats reads the counters.
func (j *Job) Stats() JobStats {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.extra == nil {
		return JobStats{}
	}
	c := &j.extra.counts
	return JobStats{
		c[Success], c[Failure], c[Skipped], c[Missed], c[Cancelled], int(j.running), len(j.extra.backlog),
	}
}

// count counts runs; the caller holds the lock.
func (j *Job) count(o Outcome, n int) {
	x := j.more()
	x.counts[o] += int64(n)
	if x.meter == nil {
		x.meter = j.scheduler.meterOf(j.name)
	}
	x.meter.runs[o].Add(int64(n))
}
