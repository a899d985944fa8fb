package wheel_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
)

func TestEveryTimerEndsOnceUnderLoad(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 10_000
	var ends [workers * each]struct{ fired, stopped atomic.Int32 }
	var pending sync.WaitGroup
	w := wheel.NewSharded(4, func(batch []int) {
		for _, id := range batch {
			ends[id].fired.Add(1)
			pending.Done()
		}
	})
	defer w.Close()

	type timer struct {
		id int
		wheel.Handle[int]
	}
	stop := func(m timer) {
		if m.Stop() {
			ends[m.id].stopped.Add(1)
			pending.Done()
		}
	}
	shared := make(chan timer, 64) // stopped by any worker, and perhaps by the one it came from
	var work, disturb sync.WaitGroup
	for worker := range workers {
		pending.Add(each)
		work.Go(func() {
			var mine []timer
			for i := range each {
				id := worker*each + i
				delay := rand.Int64N(int64(2*time.Millisecond)) - int64(200*time.Microsecond)
				mine = append(mine, timer{id, w.At(clock.Now()+delay, id)})
				stop(mine[rand.IntN(i+1)])
				select {
				case shared <- mine[i]:
				case m := <-shared:
					stop(m)
				}
			}
		})
	}
	done := make(chan struct{})
	disturb.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				w.Pause()
				_ = w.Len()
				w.Resume()
			}
		}
	})
	work.Wait()
	pending.Wait()
	close(done)
	disturb.Wait()

	var fired, stopped int32
	for id := range ends {
		f, s := ends[id].fired.Load(), ends[id].stopped.Load()
		if f+s != 1 {
			t.Fatalf("timer %d fired %d times and was stopped %d times", id, f, s)
		}
		fired, stopped = fired+f, stopped+s
	}
	if fired == 0 || stopped == 0 || w.Len() != 0 {
		t.Errorf("%d fired, %d were stopped, %d are pending", fired, stopped, w.Len())
	}
}
