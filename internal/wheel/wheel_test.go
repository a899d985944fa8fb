package wheel_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
)

const (
	tick = 1 << 17 // ns
	year = 365 * 24 * time.Hour
)

func TestTimersFireExactlyAtTheirDeadlines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		deadlines []time.Duration
	}{
		{"one nanosecond", []time.Duration{1}},
		{"within a tick", []time.Duration{1, 2, 3, tick - 1}},
		{"about the end of a tick", []time.Duration{tick - 1, tick, tick + 1}},
		{"a second", []time.Duration{time.Second}},
		{"of each magnitude", []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour, year}},
		{"a slot and the same slot of the next lap", []time.Duration{5 * tick, 5*tick + 64*tick, 5*tick + 2*64*tick}},
		{"a slot and the next lap, a level up", []time.Duration{64 * 5 * tick, 64 * (5 + 64) * tick}},
		{"farther than 18 years", []time.Duration{18 * year, 19 * year, 40 * year, 200 * year}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, r *recorder) {
				var want []event
				for id, d := range c.deadlines {
					r.after(d, id)
					want = append(want, event{id, d})
				}
				r.until(c.deadlines[len(c.deadlines)-1])
				r.want(t, want...)
				if got := r.Len(); got != 0 {
					t.Errorf("Len = %d, want 0", got)
				}
			})
		})
	}
}

func TestSlotHoldsNoTimersOfTwoLaps(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		var want []event
		for lap := time.Duration(64 * tick); lap < year; lap *= 64 {
			r.after(r.now()+lap/2, 1)
			r.after(r.now()+lap/2+lap, 2)
			want = append(want, event{1, r.now() + lap/2}, event{2, r.now() + lap/2 + lap})
			r.until(r.now() + lap/2 + lap)
		}
		r.want(t, want...)
	})
}

func TestPastDeadlinesFireAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		r.until(time.Second)
		for id, deadline := range []int64{clock.Now(), clock.Now() - 1, r.began - int64(year), math.MinInt64} {
			r.At(deadline, id)
			r.want(t, event{id, time.Second})
		}
	})
	for _, deadline := range []int64{0, -1, -tick, math.MinInt64} { // the clock of a bubble is below zero
		fired := make(chan []int, 1)
		w := wheel.New(func(batch []int) { fired <- slices.Clone(batch) })
		w.At(deadline, 7)
		if got := <-fired; !slices.Equal(got, []int{7}) {
			t.Errorf("deadline %d: fired %v, want [7]", deadline, got)
		}
		w.Close()
	}
}

func TestTimerAddedByFireDoesNotFireInsideIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w *wheel.Wheel[int]
		depth, deepest, left := 0, 0, 3
		w = wheel.NewSharded(1, func([]int) {
			depth++
			deepest = max(deepest, depth)
			if left--; left > 0 {
				w.At(clock.Now(), 0)
			}
			depth--
		})
		defer w.Close()
		w.At(clock.Now(), 0)
		synctest.Wait()
		if left != 0 || deepest != 1 {
			t.Errorf("%d timers are left, and fire ran inside fire up to depth %d", left, deepest)
		}
	})
}

func TestDeadlineThatNeverComesIsHeld(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		h := r.At(math.MaxInt64, 1)
		r.At(math.MaxInt64-1, 2)
		r.until(100 * year)
		r.want(t)
		if got := r.Len(); got != 2 {
			t.Errorf("Len = %d, want 2", got)
		}
		if !h.Stop() || h.Stop() || r.Len() != 1 {
			t.Errorf("Stop did not stop it, or did twice; Len = %d, want 1", r.Len())
		}
	})
}

func TestTimersOfOneWakeFireInOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		r.Pause()
		for id, d := range []time.Duration{time.Second, 3, tick, time.Second, 3, -1, 0, time.Second} {
			r.after(d, id)
		}
		r.until(2 * time.Second)
		r.want(t)
		r.Resume()
		var want []event
		for _, id := range []int{5, 6, 1, 4, 2, 0, 3, 7} {
			want = append(want, event{id, 2 * time.Second})
		}
		r.want(t, want...)
	})
}

func TestManyTimersOfOneTickFireEachAtItsTime(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		const n = 10_000
		var want []event
		for id := range n {
			d := time.Second + time.Duration(id*7919%n)
			r.after(d, id)
			want = append(want, event{id, d})
		}
		slices.SortFunc(want, func(a, b event) int { return int(a.at - b.at) })
		r.until(time.Second + n/2)
		r.after(time.Second, n)
		r.after(time.Second+n+1, n+1)
		want = slices.Insert(want, n/2+1, event{n, time.Second + n/2})
		r.until(time.Second + n + 1)
		r.want(t, append(want, event{n + 1, time.Second + n + 1})...)
	})
}

func TestHerdFiresInBatchesAndInOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		const n = 10_000
		var want []event
		for id := range n {
			r.after(time.Second, id)
			want = append(want, event{id, time.Second})
		}
		r.until(time.Second)
		r.want(t, want...)
		if want := []int{4096, 4096, n - 2*4096}; !slices.Equal(r.batches, want) {
			t.Errorf("batches of %v, want %v", r.batches, want)
		}
	})
}

func TestStopIsTrueOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		var none wheel.Handle[int]
		stopped, fires := r.after(time.Second, 1), r.after(time.Second, 2)
		for _, c := range []struct {
			name      string
			got, want bool
		}{
			{"the zero handle", none.Stop(), false},
			{"a pending timer", stopped.Stop(), true},
			{"a stopped timer", stopped.Stop(), false},
		} {
			if c.got != c.want {
				t.Errorf("%s: Stop = %v, want %v", c.name, c.got, c.want)
			}
		}
		r.until(time.Second)
		r.want(t, event{2, time.Second})
		if fires.Stop() {
			t.Error("Stop = true after the timer fired")
		}
	})
}

func TestStopTakesOutOfAnyPlaceOfASlot(t *testing.T) {
	t.Parallel()
	for stopped := range 4 {
		inBubble(t, func(t *testing.T, r *recorder) {
			var handles []wheel.Handle[int]
			var want []event
			for id := range 4 {
				handles = append(handles, r.after(time.Second, id))
				if id != stopped {
					want = append(want, event{id, time.Second})
				}
			}
			handles[stopped].Stop()
			r.until(time.Second)
			r.want(t, want...)
		})
	}
}

func TestTimerIsStoppedByTheOneThatFiresBeforeIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const herd = 4096 + 10 // all ready at once, but fired in two batches
		var handles []wheel.Handle[int]
		var fired []int
		w := wheel.NewSharded(1, func(batch []int) {
			fired = append(fired, batch...)
			for _, h := range handles[len(fired)-1:] {
				h.Stop()
			}
		})
		defer w.Close()
		w.Pause()
		for id := range herd {
			handles = append(handles, w.At(clock.Now(), id))
		}
		w.Resume()
		synctest.Wait()
		if len(fired) != 4096 || w.Len() != 0 {
			t.Errorf("%d fired and %d are pending, want 4096 and 0", len(fired), w.Len())
		}
	})
}

func TestTimersAreStoppedAndAddedWhileOthersAreMoved(t *testing.T) {
	t.Parallel()
	for _, stopped := range []struct {
		name string
		is   func(id, n int) bool
	}{
		{"none", func(_, _ int) bool { return false }},
		{"every third", func(id, _ int) bool { return id%3 == 0 }},
		{"the later half", func(id, n int) bool { return id > n/2 }},
		{"all", func(_, _ int) bool { return true }},
	} {
		t.Run(stopped.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, r *recorder) {
				const n = 10_000 // moved in three steps, the latest first
				var handles []wheel.Handle[int]
				for id := range n {
					handles = append(handles, r.after(time.Second, id))
				}
				r.Pause()
				r.until(time.Second)
				r.Step()
				var want []event
				for id := n - 1; id >= 0; id-- {
					if !stopped.is(id, n) {
						want = append(want, event{id, time.Second})
					} else if !handles[id].Stop() {
						t.Fatalf("Stop of timer %d = false", id)
					}
				}
				slices.Reverse(want)
				r.after(time.Second, n)
				if got := r.Len(); got != len(want)+1 {
					t.Errorf("Len = %d, want %d", got, len(want)+1)
				}
				r.Resume()
				r.want(t, append(want, event{n, time.Second})...)
			})
		})
	}
}

func TestBacklogIsNotOrderedAllAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 100_000
		var w *wheel.Wheel[int]
		most, next := 0, 0
		w = wheel.NewSharded(1, func(batch []int) {
			most = max(most, w.Ready())
			for _, id := range batch {
				if id != next {
					t.Errorf("fired %d, want %d", id, next)
				}
				next = id + 1
			}
		})
		defer w.Close()
		w.Pause()
		for id := range n {
			w.At(clock.Now()+int64(id)*tick/1000, id)
		}
		<-time.After(time.Minute)
		w.Resume()
		synctest.Wait()
		if next != n || most > 8*4096 {
			t.Errorf("fired %d of %d timers, and ordered up to %d at once", next, n, most)
		}
	})
}

func TestIdleWheelDoesNotTick(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		const timers = 12
		var want []event
		for id := range timers {
			d := time.Duration(id+1) * year / timers
			r.after(d, id)
			r.after(d-time.Hour, -1).Stop()
			want = append(want, event{id, d})
		}
		r.until(year)
		r.want(t, want...)
		if got := r.Wakes(); got > timers+1 {
			t.Errorf("%d wake-ups in a year, want one for each of %d timers, and one for a stopped one", got, timers)
		}
	})
}

func TestTryAtKeepsToTheBoundWhicheverShardIsAsked(t *testing.T) {
	t.Parallel()
	w := wheel.New(func([]int) {})
	defer w.Close()
	far := clock.Now() + int64(time.Hour)
	var last wheel.Handle[int]
	for i := range 100 {
		h, ok := w.TryAt(far, i, 100)
		if !ok {
			t.Fatalf("timer %d of 100 was refused", i)
		}
		last = h
	}
	if _, ok := w.TryAt(far, 100, 100); ok || w.Len() != 100 {
		t.Errorf("one too many: taken %v, the wheel holds %d", ok, w.Len())
	}
	if !last.Stop() {
		t.Error("the last could not be stopped")
	}
	if _, ok := w.TryAt(far, 100, 100); !ok {
		t.Error("refused although one was stopped")
	}
}
