package sched_test

import (
	"context"
	"slices"
	"testing"

	"github.com/goflow-go/goflow/sched"
)

// order lets a pool of one worker run tasks that note their number, and gives the numbers.
func order(t *testing.T, priorities []sched.Priority) []int {
	t.Helper()
	p := newPool(t, sched.PoolConfig{MaxWorkers: 1, Queue: len(priorities)})
	release := hold(t, p, 1)
	var ran []int
	for i, priority := range priorities {
		submit(t, p, func(context.Context) error { ran = append(ran, i); return nil }, sched.WithPriority(priority))
	}
	release()
	stop(t, p)
	return ran
}

func TestOneWorkerKeepsTheOrder(t *testing.T) {
	t.Parallel()
	ran := order(t, make([]sched.Priority, 1000))
	if len(ran) != 1000 || !slices.IsSorted(ran) {
		t.Errorf("ran %v", ran)
	}
}

func TestHigherPrioritiesGoFirst(t *testing.T) {
	t.Parallel()
	ran := order(t, []sched.Priority{sched.Low, sched.Normal, sched.High, sched.Low, sched.Normal, sched.High})
	if want := []int{2, 5, 1, 4, 0, 3}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
}

func TestLowerPrioritiesAreNotStarved(t *testing.T) {
	t.Parallel()
	var priorities []sched.Priority
	for range 1000 {
		priorities = append(priorities, sched.High)
	}
	for range 50 {
		priorities = append(priorities, sched.Low, sched.Normal)
	}
	ran := order(t, priorities)
	for _, lane := range []sched.Priority{sched.Low, sched.Normal} {
		last := -1
		for at, i := range ran {
			if priorities[i] != lane {
				continue
			}
			if at-last > 16 {
				t.Errorf("%v: none of turns %d to %d, want one of 16", lane, last+1, at-1)
			}
			last = at
		}
	}
	if !slices.Equal(ran[:14], []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}) {
		t.Errorf("ran %v first, want those of high priority", ran[:14])
	}
}
