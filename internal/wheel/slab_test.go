package wheel_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
)

func TestHandleOfAReusedNodeDoesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		stale := []wheel.Handle[int]{r.after(time.Second, 1), r.after(time.Second, 2)}
		stale[0].Stop()
		r.until(time.Second)
		for id := range 10 {
			r.after(2*time.Second, id)
		}
		for i, h := range stale {
			if h.Stop() {
				t.Errorf("handle %d stopped a timer that is not its own", i)
			}
		}
		if got := r.Len(); got != 10 {
			t.Errorf("Len = %d, want 10", got)
		}
	})
}

func TestHandlesOfABurstDoNothingOnceItsMemoryIsGivenBack(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		const burst = 10_000
		var stale []wheel.Handle[int]
		for id := range burst {
			stale = append(stale, r.after(time.Second, id))
		}
		most := r.Slots()
		r.until(time.Second)
		least := r.Slots()
		if most < burst || least > burst/4 {
			t.Errorf("memory for %d timers in a burst of %d, and for %d after it", most, burst, least)
		}
		for again := range 2 {
			for i, h := range stale {
				if h.Stop() {
					t.Fatalf("handle %d stopped a timer that is not its own", i)
				}
			}
			for id := range burst * again {
				r.after(2*time.Second, id)
			}
		}
	})
}

func TestMemoryOfStoppedTimersIsUsedAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		const pending, cycles = 500, 1_000_000
		var ring [pending]wheel.Handle[int]
		for i := range cycles {
			ring[i%pending].Stop()
			ring[i%pending] = r.after(time.Duration(i)*time.Microsecond+time.Hour, i)
		}
		if got := r.Len(); got != pending {
			t.Errorf("Len = %d, want %d", got, pending)
		}
		if got := r.Slots(); got > 2*pending+100 {
			t.Errorf("memory for %d timers, where never more than %d were pending", got, pending)
		}
	})
}

func TestMemoryToOrderACrowdIsNotKept(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		const crowd = 100_000
		for id := range crowd {
			r.after(time.Second, id)
		}
		r.until(time.Second)
		if got := r.Ready(); got > 2*4096 {
			t.Errorf("memory to order %d timers is kept", got)
		}
		if got := len(r.take()); got != crowd {
			t.Errorf("%d fired, want %d", got, crowd)
		}
	})
}

func TestWheelLetsGoOfPayloads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(w *wheel.Wheel[any], h wheel.Handle[any])
	}{
		{"stopped", func(_ *wheel.Wheel[any], h wheel.Handle[any]) { h.Stop() }},
		{"fired", func(*wheel.Wheel[any], wheel.Handle[any]) { <-time.After(time.Hour); synctest.Wait() }},
		{"closed", func(w *wheel.Wheel[any], _ wheel.Handle[any]) { w.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := wheel.New(func([]any) {})
				defer w.Close()
				payload, h := pinned(w)
				runtime.GC()
				if payload.Value() == nil {
					t.Fatal("the payload of a pending timer is gone")
				}
				c.end(w, h)
				runtime.GC()
				if payload.Value() != nil {
					t.Error("the payload is still there")
				}
			})
		})
	}
}

// pinned adds a timer whose payload nothing else holds.
func pinned(w *wheel.Wheel[any]) (weak.Pointer[[64]byte], wheel.Handle[any]) {
	payload := new([64]byte)
	return weak.Make(payload), w.At(clock.Now()+int64(time.Minute), payload)
}
