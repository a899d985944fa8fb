package sched_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

func TestOverlapRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule             sched.Overlap
		took             time.Duration
		success, skipped int64
	}{
		"skip leaves out what is due meanwhile":        {sched.Skip, 145 * time.Second, 2, 5},
		"queue one starts when the one before ends":    {sched.QueueOne, 145 * time.Second, 3, 4},
		"concurrent lets so many run":                  {sched.Concurrent(2), 145 * time.Second, 4, 2},
		"concurrent that is enough leaves out none":    {sched.Concurrent(3), 145 * time.Second, 6, 0},
		"a job that is quick enough overlaps with nil": {sched.Skip, time.Second, 8, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScheduler(t, sched.Config{})
				work := counter{took: c.took}
				j := schedule(t, s, sched.Every(time.Minute), work.run, sched.WithOverlap(c.rule))
				pass(8*time.Minute + 30*time.Second)
				if st := j.Stats(); st.Success != c.success || st.Skipped != c.skipped {
					t.Errorf("stats %+v, want %d successes and %d skipped", st, c.success, c.skipped)
				}
				if st := j.Stats(); c.rule > 0 && st.Active > int(c.rule) {
					t.Errorf("%d run at the same time", st.Active)
				}
				if err := j.Drain(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestMisfireRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule          sched.Misfire
		asleep        time.Duration
		wantOccurred  string // minutes
		wantMissed    int64
		wantWithEvent bool
	}{
		"run once starts the last":              {sched.RunOnce, 10*time.Minute + 30*time.Second, "10", 9, true},
		"skip starts none that is too late":     {sched.SkipMissed, 10*time.Minute + 30*time.Second, "10", 9, true},
		"run all starts the last few, in order": {sched.RunAll(3), 10*time.Minute + 30*time.Second, "8 9 10", 7, true},
		"run all may start all":                 {sched.RunAll(100), 3*time.Minute + 30*time.Second, "1 2 3", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStopped(t, sched.Config{})
				start := time.Now()
				var occurred []string
				j := schedule(t, s, sched.Every(time.Minute), func(ctx context.Context) error {
					o, _ := core.OccurrenceOf(ctx)
					occurred = append(occurred, fmt.Sprint(o.Time.Sub(start).Minutes()))
					<-time.After(time.Millisecond)
					return nil
				}, sched.WithMisfire(c.rule))
				pass(c.asleep)
				if err := s.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				pass(time.Second)
				if got := strings.Join(occurred, " "); got != c.wantOccurred {
					t.Errorf("ran for minutes %q, want %q", got, c.wantOccurred)
				}
				if got := j.Stats().Missed; got != c.wantMissed {
					t.Errorf("%d missed, want %d", got, c.wantMissed)
				}
			})
		})
	}
}

func TestSkipMissedStartsNothingLaterThanMisfireAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStopped(t, sched.Config{MisfireAfter: 20 * time.Second})
		var c counter
		j := schedule(t, s, sched.At(time.Now().Add(time.Minute)), c.run, sched.WithMisfire(sched.SkipMissed))
		pass(81 * time.Second)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if st := j.Stats(); c.n.Load() != 0 || st.Missed != 1 {
			t.Errorf("%d runs, stats %+v; want one missed", c.n.Load(), st)
		}
		if _, ok := s.Job("report"); ok {
			t.Error("a job that is over keeps its name")
		}
	})
}

func TestALongSleepCountsABoundedNumberOfMisses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStopped(t, sched.Config{})
		var c counter
		j := schedule(t, s, sched.Every(time.Second), c.run)
		pass(7*24*time.Hour + 500*time.Millisecond)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if st := j.Stats(); c.n.Load() != 1 || st.Missed != 999 {
			t.Errorf("%d runs, stats %+v; want one run and 999 missed, as many as are counted", c.n.Load(), st)
		}
		pass(3 * time.Second)
		if c.n.Load() != 4 {
			t.Errorf("%d runs three seconds later, want 4", c.n.Load())
		}
	})
}

func TestAJobEndsWithItsLimitItsTriggerOrByBeingCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trigger func() sched.Trigger
		opts    []sched.JobOption
		cancel  bool
		want    int64
	}{
		"a limit":         {func() sched.Trigger { return sched.Every(time.Minute) }, []sched.JobOption{sched.WithLimit(3)}, false, 3},
		"a trigger once":  {func() sched.Trigger { return sched.After(time.Minute) }, nil, false, 1},
		"being cancelled": {func() sched.Trigger { return sched.Every(time.Minute) }, nil, true, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScheduler(t, sched.Config{})
				var work counter
				j := schedule(t, s, c.trigger(), work.run, c.opts...)
				pass(5*time.Minute + time.Second)
				if got := j.Cancel(); got != c.cancel {
					t.Errorf("Cancel = %v, want %v", got, c.cancel)
				}
				pass(time.Hour)
				if got := work.n.Load(); got != c.want {
					t.Errorf("%d runs, want %d", got, c.want)
				}
				if st := s.Stats(); st != (sched.SchedulerStats{}) {
					t.Errorf("the scheduler still holds %+v", st)
				}
				if got := j.Next(1); got != nil {
					t.Errorf("due next %v", got)
				}
				schedule(t, s, sched.Every(time.Minute), well) // the name is free
			})
		})
	}
}

func TestPauseKeepsAJobFromBeingDueUntilResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		var c counter
		j := schedule(t, s, sched.Every(time.Minute), c.run)
		j.Resume() // it is not paused
		pass(90 * time.Second)
		j.Pause()
		if !j.Paused() || j.Next(1) != nil || j.String() != `job "report": paused` {
			t.Errorf("paused %v, next %v, %q", j.Paused(), j.Next(1), j)
		}
		pass(time.Hour)
		if got := c.n.Load(); got != 1 {
			t.Errorf("%d runs, want 1 before the pause", got)
		}
		if st := s.Stats(); st.Jobs != 1 || st.Pending != 0 {
			t.Errorf("the scheduler holds %+v, want a job that is not pending", st)
		}
		j.Resume()
		pass(2 * time.Minute)
		if st := j.Stats(); st.Success != 3 || st.Missed != 0 {
			t.Errorf("stats %+v, want 3 runs and none missed", st)
		}
		once, err := s.Schedule(t.Context(), "once", sched.After(time.Minute), c.run)
		if err != nil {
			t.Fatal(err)
		}
		once.Pause()
		pass(time.Hour)
		before := c.n.Load()
		once.Resume()
		synctest.Wait()
		if st := once.Stats(); st.Success != 1 || c.n.Load() != before+1 {
			t.Errorf("stats %+v of a one-time job that was paused when it was due, want it to run at Resume", st)
		}
	})
}

func TestRunNowObeysTheOverlapRule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStopped(t, sched.Config{})
		c := counter{took: time.Minute}
		j := schedule(t, s, sched.Every(24*time.Hour), c.run)
		if err := j.RunNow(t.Context()); !errors.Is(err, core.ErrClosed) {
			t.Errorf("before Start RunNow gave %v", err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := j.RunNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := j.RunNow(t.Context()); !errors.Is(err, core.ErrRejected) || err.Error() != `sched: job "report" still runs` {
			t.Errorf("while it ran RunNow gave %v", err)
		}
		pass(2 * time.Minute)
		if got := c.n.Load(); got != 1 {
			t.Errorf("%d runs, want 1", got)
		}
		next := j.Next(1)
		if len(next) != 1 || time.Until(next[0]) > 24*time.Hour {
			t.Errorf("due next %v: RunNow changed the plan", next)
		}
		j.Cancel()
		if err := j.RunNow(t.Context()); !errors.Is(err, core.ErrClosed) || err.Error() != `sched: job "report" is cancelled or has ended` {
			t.Errorf("cancelled, RunNow gave %v", err)
		}
		queued, err := s.Schedule(t.Context(), "queued", sched.Every(24*time.Hour), c.run, sched.WithOverlap(sched.QueueOne))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []error{nil, nil, core.ErrRejected} {
			if err := queued.RunNow(t.Context()); !errors.Is(err, want) {
				t.Errorf("RunNow %d with a queue of one gave %v, want %v", i, err, want)
			}
		}
		pass(3 * time.Minute)
		if got := queued.Stats().Success; got != 2 {
			t.Errorf("%d runs of the job with a queue, want 2", got)
		}
	})
}

func TestUpdateChangesTriggerAndTaskOfALiveJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		var before, after counter
		j := schedule(t, s, sched.Every(time.Minute), before.run)
		pass(90 * time.Second)
		if err := j.Update(sched.Every(10*time.Second), after.run); err != nil {
			t.Fatal(err)
		}
		pass(31 * time.Second)
		if before.n.Load() != 1 || after.n.Load() != 3 {
			t.Errorf("%d runs before and %d after, want 1 and 3", before.n.Load(), after.n.Load())
		}
		if err := j.Update(sched.Every(0), nil); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), `"report": Every must be`) {
			t.Errorf("a wrong trigger gave %v", err)
		}
		if err := j.Update(nil, before.run); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Second)
		if before.n.Load() != 2 || after.n.Load() != 3 {
			t.Errorf("%d and %d runs, want the new task at the old times", before.n.Load(), after.n.Load())
		}
	})
}

func TestDrainWaitsThenCancelsThenReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		c := counter{took: -1}
		var cause error
		j := schedule(t, s, sched.Every(time.Minute), func(ctx context.Context) error {
			defer func() { cause = context.Cause(ctx) }()
			return c.run(ctx)
		})
		pass(time.Minute)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := j.Drain(ctx); err != nil {
			t.Error(err)
		}
		var stopped *sched.StoppedError
		if took := time.Since(begin); took != 9*time.Second || !errors.As(cause, &stopped) || stopped.Name != "report" {
			t.Errorf("drained after %v because of %v, want after 9s", took, cause)
		}
		if err := j.Drain(ctx); err != nil {
			t.Errorf("a second Drain gave %v", err)
		}
		deaf, err := s.Schedule(t.Context(), "deaf", sched.After(0), func(context.Context) error { <-time.After(time.Hour); return nil })
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var left *sched.UnfinishedError
		if err := deaf.Drain(ctx); !errors.As(err, &left) || len(left.Running) != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain of what does not listen gave %v", err)
		}
		pass(time.Hour)
	})
}

func TestHistoryKeepsTheLastRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{History: 3})
		n := 0
		start := time.Now()
		j := schedule(t, s, sched.Every(time.Minute), func(context.Context) error {
			n++
			<-time.After(time.Duration(n) * time.Second)
			switch n {
			case 3:
				return errDown
			case 4:
				panic("boom")
			}
			return nil
		})
		if got := j.History(); got != nil {
			t.Errorf("before the first run the history is %v", got)
		}
		pass(5*time.Minute + 30*time.Second)
		got := j.History()
		if len(got) != 3 {
			t.Fatalf("%d runs kept, want 3", len(got))
		}
		for i, r := range got {
			due := start.Add(time.Duration(i+3) * time.Minute)
			if !r.Scheduled.Equal(due) || !r.Started.Equal(due) || r.Lateness != 0 || r.Duration != time.Duration(i+3)*time.Second {
				t.Errorf("run %d is %+v", i, r)
			}
		}
		if got[0].Outcome != sched.Failure || got[0].Err != errDown || got[2].Outcome != sched.Success {
			t.Errorf("outcomes are %v, %v, %v", got[0].Outcome, got[1].Outcome, got[2].Outcome)
		}
		if p, ok := errors.AsType[*core.PanicError](got[1].Err); !ok || p.Value != "boom" || len(p.Stack) == 0 {
			t.Errorf("the panic is %v", got[1].Err)
		}
	})
}

func TestNextTellsTheComingTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		j := schedule(t, s, sched.Every(time.Hour), well, sched.WithLimit(3))
		if got := clocks(j.Next(10)); got != "01:00:00 02:00:00 03:00:00" {
			t.Errorf("due next %q, want three times, as many as the limit leaves", got)
		}
		pass(time.Hour)
		if got := clocks(j.Next(10)); got != "02:00:00 03:00:00" {
			t.Errorf("due next %q", got)
		}
	})
}

func TestTheSchedulersBoundsAndNamesAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{MaxJobs: 3})
		schedule(t, s, sched.Every(time.Hour), well)
		if _, err := s.Schedule(t.Context(), "report", sched.Every(time.Hour), well); !errors.Is(err, sched.ErrDuplicate) ||
			!errors.Is(err, core.ErrInvalid) || err.Error() != `sched: job "report" is scheduled already by scheduler "maintenance"` {
			t.Errorf("a name twice gave %v", err)
		}
		batch := func(names ...string) error {
			var specs []sched.Spec
			for _, n := range names {
				specs = append(specs, sched.Spec{Name: n, Trigger: sched.Every(time.Hour), Task: well})
			}
			_, err := s.ScheduleBatch(t.Context(), specs)
			return err
		}
		if err := batch("a", "report"); !errors.Is(err, sched.ErrDuplicate) {
			t.Errorf("a batch with a name that is taken gave %v", err)
		}
		if err := batch("a", "a"); !errors.Is(err, sched.ErrDuplicate) {
			t.Errorf("a batch with a name twice gave %v", err)
		}
		if err := batch("a", "b", "c"); !errors.Is(err, core.ErrRejected) || !strings.Contains(err.Error(), "it holds 3 jobs, as many as it may") {
			t.Errorf("a batch beyond the bound gave %v", err)
		}
		if err := batch("a", ""); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("a batch with a wrong job gave %v", err)
		}
		if got := len(s.Jobs()); got != 1 {
			t.Fatalf("%d jobs after batches that failed, want 1", got)
		}
		if err := batch("a", "b"); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, j := range s.Jobs() {
			names = append(names, j.Name())
		}
		if got := strings.Join(names, " "); got != "a b report" {
			t.Errorf("jobs %q", got)
		}
	})
}

func TestWrongJobsAreErrorsThatNameTheField(t *testing.T) {
	t.Parallel()
	s := newScheduler(t, sched.Config{})
	every := sched.Every(time.Second)
	for name, c := range map[string]struct {
		name string
		task core.Task
		opts []sched.JobOption
		want string
	}{
		"no name":               {"", well, nil, `sched: "": name must not be empty`},
		"no task":               {"x", nil, nil, `sched: "x": task must not be nil`},
		"too many at once":      {"x", well, []sched.JobOption{sched.WithOverlap(sched.Concurrent(1e6))}, "WithOverlap must be Skip, QueueOne or Concurrent(1 to 10000)"},
		"none at once":          {"x", well, []sched.JobOption{sched.WithOverlap(sched.Concurrent(0))}, "WithOverlap must be"},
		"too much to make up":   {"x", well, []sched.JobOption{sched.WithMisfire(sched.RunAll(1001))}, "WithMisfire must be RunOnce, SkipMissed or RunAll(1 to 1000)"},
		"no run":                {"x", well, []sched.JobOption{sched.WithLimit(0)}, "WithLimit must be above 0, got 0"},
		"a negative timeout":    {"x", well, []sched.JobOption{sched.WithTimeout(-1)}, "must not be negative, got -1ns"},
		"a priority of nothing": {"x", well, []sched.JobOption{sched.WithPriority(7)}, "must be one of low, normal, high"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Schedule(t.Context(), c.name, every, c.task, c.opts...)
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestOfJobsThatWaitForAWorkerTheMoreImportantRunsFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{Workers: 1})
		var order []string
		at := time.Now().Add(time.Minute)
		for name, p := range map[string]sched.Priority{"a low": sched.Low, "b normal": sched.Normal, "c high": sched.High} {
			_, err := s.Schedule(t.Context(), name, sched.At(at), func(context.Context) error {
				order = append(order, name)
				return nil
			}, sched.WithPriority(p))
			if err != nil {
				t.Fatal(err)
			}
		}
		first := counter{took: time.Minute}
		if _, err := s.After(t.Context(), time.Second, first.run); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		if got := strings.Join(order, ", "); got != "c high, b normal, a low" {
			t.Errorf("they ran %s", got)
		}
	})
}
