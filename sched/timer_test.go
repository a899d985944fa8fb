package sched_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

func TestAfterRunsOnceWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		for _, d := range []time.Duration{0, 1, time.Millisecond, time.Hour, 1000 * time.Hour} {
			begin := time.Now()
			took, n := time.Duration(-1), 0
			if _, err := s.After(t.Context(), d, func(context.Context) error {
				took = time.Since(begin)
				n++
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			pass(2 * d)
			synctest.Wait()
			if took != d || n != 1 {
				t.Errorf("after %v: %d runs, the last after %v", d, n, took)
			}
		}
	})
}

func TestATimerThatIsStoppedDoesNotRunAndIsForgottenAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(t, sched.Config{})
		var c counter
		timer, err := s.After(t.Context(), time.Minute, c.run)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Stats().Timers; got != 1 {
			t.Errorf("%d timers wait, want 1", got)
		}
		if !timer.Stop() || timer.Stop() {
			t.Error("Stop is to be true once")
		}
		if got := s.Stats().Timers; got != 0 {
			t.Errorf("%d timers wait, want none", got)
		}
		pass(time.Hour)
		if c.n.Load() != 0 {
			t.Error("it ran")
		}
		if (sched.Timer{}).Stop() {
			t.Error("the zero Timer could be stopped")
		}
	})
}

func TestAfterRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	s := newScheduler(t, sched.Config{MaxTimers: 100})
	if _, err := s.After(t.Context(), -time.Second, nil); !errors.Is(err, core.ErrInvalid) ||
		!strings.Contains(err.Error(), `sched: "maintenance": task must not be nil`) || !strings.Contains(err.Error(), "After must not be negative, got -1s") {
		t.Errorf("got %v", err)
	}
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		_, err = s.After(t.Context(), time.Hour, well)
	}
	if !errors.Is(err, core.ErrRejected) || core.ErrorType(err) != core.TypeQueueFull || n < 100 {
		t.Errorf("timer %d gave %v, want it to be the first beyond about 100 that is rejected", n, err)
	}
}

// What the pool has no room for waits, and holds up nothing else.
func TestAFullPoolLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool, err := sched.NewPool("small", sched.PoolConfig{MaxWorkers: 1, Queue: 2})
		if err != nil {
			t.Fatal(err)
		}
		s := newScheduler(t, sched.Config{}, sched.WithPool(pool))
		var c counter
		c.took = time.Second
		for range 20 {
			if _, err := s.After(t.Context(), time.Minute, c.run); err != nil {
				t.Fatal(err)
			}
		}
		j := schedule(t, s, sched.Every(time.Minute), c.run, sched.WithLimit(1))
		pass(time.Minute + 25*time.Second)
		if got, st := c.n.Load(), j.Stats(); got != 21 || st.Success != 1 {
			t.Errorf("%d runs, the job's stats %+v; want all 21", got, st)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := pool.Submit(t.Context(), well); err != nil {
			t.Errorf("the user's pool was stopped with the scheduler: %v", err)
		}
		if err := pool.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestStopOnASharedPoolWaitsForTheJobsOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool, err := sched.NewPool("shared", sched.PoolConfig{MinWorkers: 2}) // on one processor, too
		if err != nil {
			t.Fatal(err)
		}
		s := newScheduler(t, sched.Config{}, sched.WithPool(pool))
		other, job := counter{took: time.Hour}, counter{took: -1}
		if err := pool.Submit(t.Context(), other.run); err != nil {
			t.Fatal(err)
		}
		j := schedule(t, s, sched.After(time.Second), job.run)
		pass(time.Second)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 9*time.Second || j.Stats().Cancelled != 1 {
			t.Errorf("Stop took %v, the job's stats are %+v; want it ended after 9s", took, j.Stats())
		}
		synctest.Wait() // the pool counts a task once the job has
		if got := pool.Stats().Running; got != 1 {
			t.Errorf("%d tasks run on the pool, want the other", got)
		}
		if err := pool.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Jobs and timers come and go from many goroutines, while the scheduler stops and starts: what was
// accepted ran, was stopped, or still waits.
func TestNothingIsLostWhileAllHappensAtOnce(t *testing.T) {
	t.Parallel()
	s := newScheduler(t, sched.Config{Workers: 16})
	var ran, added, stopped atomic.Int64
	task := func(context.Context) error { ran.Add(1); return nil }
	var users sync.WaitGroup
	for w := range 4 {
		users.Go(func() {
			for i := range 3000 {
				timer, err := s.After(context.Background(), time.Duration(i%5)*time.Millisecond, task)
				if err != nil {
					t.Error(err)
					return
				}
				added.Add(1)
				if i%3 == w%3 && timer.Stop() {
					stopped.Add(1)
				}
			}
		})
	}
	users.Go(func() {
		for range 300 {
			j, err := s.Schedule(context.Background(), "come and go", sched.Every(time.Millisecond), well, sched.WithOverlap(sched.QueueOne))
			if errors.Is(err, sched.ErrDuplicate) { // the last one still runs
				runtime.Gosched()
				continue
			}
			if err != nil {
				t.Error(err)
				return
			}
			_ = j.RunNow(context.Background()) // refused while stopped
			j.Pause()
			j.Resume()
			_, _, _ = j.Next(3), j.History(), j.String()
			if err := j.Update(sched.Every(2*time.Millisecond), nil); err != nil {
				t.Error(err)
			}
			j.Cancel()
		}
	})
	for range 20 {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := s.Start(context.Background()); err != nil {
			t.Error(err)
		}
	}
	users.Wait()
	for deadline := time.Now().Add(10 * time.Second); ran.Load()+stopped.Load() < added.Load() && time.Now().Before(deadline); {
		<-time.After(time.Millisecond)
	}
	if got := ran.Load() + stopped.Load(); got != added.Load() {
		t.Errorf("%d added, %d ran and %d were stopped", added.Load(), ran.Load(), stopped.Load())
	}
	if st := s.Stats(); st.Timers != 0 {
		t.Errorf("the scheduler still holds %+v", st)
	}
}

func TestAThousandStartsAndStopsLeaveNothingBehind(t *testing.T) {
	s := newStopped(t, sched.Config{})
	var c counter
	j := schedule(t, s, sched.Every(time.Millisecond), c.run)
	cycle := func(n int) (heap uint64) {
		for range n {
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := j.RunNow(t.Context()); err != nil && !errors.Is(err, core.ErrRejected) { // it is due as well
				t.Fatal(err)
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	heap, goroutines := cycle(100), runtime.NumGoroutine()
	heap2, goroutines2 := cycle(1000), goroutinesLeft(goroutines)
	if heap2 > heap+256<<10 || goroutines2 > goroutines {
		t.Errorf("heap went from %d to %d bytes, goroutines from %d to %d", heap, heap2, goroutines, goroutines2)
	}
	if c.n.Load() == 0 {
		t.Error("the job never ran")
	}
}
