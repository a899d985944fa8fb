package lease_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/sched"
)

// replica starts a scheduler with one job, each minute, under a policy.
func replica(t *testing.T, p core.Policy, task core.Task) (*sched.Scheduler, *sched.Job) {
	t.Helper()
	s, err := sched.New("maintenance", sched.Config{})
	if err != nil {
		t.Fatal(err)
	}
	job, err := s.Schedule(t.Context(), "report", sched.Cron("* * * * *", "UTC"), task, sched.WithPolicies(p))
	if err = errors.Join(err, s.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	return s, job
}

func TestSchedulersOfManyReplicasRunEachOccurrenceOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const replicas, occurrences = 4, 50
		store := lease.NewMemory()
		var runs, skipped atomic.Int64
		var schedulers []*sched.Scheduler
		var jobs []*sched.Job
		for range replicas {
			s, job := replica(t, lease.Once(newLocker(t, store, short)), func(context.Context) error {
				runs.Add(1)
				pass(20 * time.Second) // longer than a lease lasts
				return nil
			})
			schedulers, jobs = append(schedulers, s), append(jobs, job)
		}
		pass(occurrences*time.Minute + 30*time.Second)
		for i, job := range jobs {
			stats := job.Stats()
			skipped.Add(stats.Skipped)
			if stats.Failure > 0 || stats.Cancelled > 0 {
				t.Errorf("replica %d: %+v", i, stats)
			}
			if err := schedulers[i].Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if runs.Load() != occurrences || skipped.Load() != (replicas-1)*occurrences {
			t.Errorf("%d runs and %d skipped, want %d and %d", runs.Load(), skipped.Load(), occurrences, (replicas-1)*occurrences)
		}
	})
}

func TestSchedulersRunWhileTheyLead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := lease.NewMemory()
		a, b := newElector(t, store), newElector(t, store)
		start(t, a)
		start(t, b)
		var stops []*sched.Scheduler
		var jobs []*sched.Job
		for _, e := range []*lease.Elector{a, b} {
			s, job := replica(t, lease.WhileLeader(e), func(context.Context) error { return nil })
			stops, jobs = append(stops, s), append(jobs, job)
		}
		pass(10*time.Minute + 30*time.Second)
		stop(t, a)
		pass(10 * time.Minute)
		for i, job := range jobs {
			if s := job.Stats(); s.Success != 10 || s.Skipped != 10 {
				t.Errorf("replica %d: %+v, want 10 runs and 10 skipped", i, s)
			}
			if err := stops[i].Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		stop(t, b)
	})
}
