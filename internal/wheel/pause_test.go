package wheel_test

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
)

func TestPauseKeepsTimersUntilResume(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		r.after(time.Second, 1)
		stopped := r.after(time.Second, 2)
		r.after(5*time.Second, 3)
		r.Pause()
		r.Pause()
		r.after(0, 4)
		r.until(2 * time.Second)
		r.want(t)
		if !stopped.Stop() || r.Len() != 3 {
			t.Errorf("Stop failed while paused, or Len = %d, want 3", r.Len())
		}
		r.Resume()
		r.want(t, event{4, 2 * time.Second}, event{1, 2 * time.Second})
		r.Resume()
		r.until(5 * time.Second)
		r.want(t, event{3, 5 * time.Second})
	})
}

// blocking is a wheel whose fire waits to be let go.
type blocking struct {
	*wheel.Wheel[int]
	fired []int
	letGo chan struct{}
}

func newBlocking() *blocking {
	b := &blocking{letGo: make(chan struct{})}
	b.Wheel = wheel.NewSharded(1, func(batch []int) {
		b.fired = append(b.fired, batch...)
		<-b.letGo
	})
	return b
}

// waiting runs f, and gives whether it waits, and what waits for it.
func waiting(f func()) (waits bool, await func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	synctest.Wait()
	select {
	case <-done:
		return false, func() {}
	default:
		return true, func() { <-done }
	}
}

func TestPauseAndCloseWaitForFire(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		call func(*blocking)
	}{
		{"Pause", func(b *blocking) { b.Pause() }},
		{"Close", func(b *blocking) { b.Close() }},
		{"Pause and Close", func(b *blocking) { go b.Pause(); b.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBlocking()
				b.At(clock.Now(), 1)
				synctest.Wait()
				b.At(clock.Now(), 2)
				waits, await := waiting(func() { c.call(b) })
				if !waits {
					t.Error("returned while fire was under way")
				}
				close(b.letGo)
				await()
				synctest.Wait()
				if !slices.Equal(b.fired, []int{1}) {
					t.Errorf("fired %v, want [1]", b.fired)
				}
				b.Close()
			})
		})
	}
}

func TestResumeEndsAPauseThatStillWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocking()
		b.At(clock.Now(), 1)
		synctest.Wait()
		b.At(clock.Now()-1, 2)
		_, await := waiting(b.Pause)
		b.Resume()
		b.letGo <- struct{}{}
		await() // though fire is under way again
		synctest.Wait()
		if !slices.Equal(b.fired, []int{1, 2}) {
			t.Errorf("fired %v, want [1 2]", b.fired)
		}
		close(b.letGo)
		b.Close()
	})
}

func TestWheelIsNotWokenWhileItFires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocking()
		b.At(clock.Now(), 1)
		synctest.Wait()
		b.At(clock.Now()-1, 2)
		go b.Pause()
		synctest.Wait()
		b.Resume()
		synctest.Wait()
		if got := b.Wakes(); got != 1 {
			t.Errorf("%d wake-ups, want 1", got)
		}
		close(b.letGo)
		b.Close()
	})
}

func TestWakeUpThatIsTooLateFiresNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocking()
		want := func(when string, ids ...int) {
			synctest.Wait()
			b.Wake()
			if !slices.Equal(b.fired, ids) {
				t.Errorf("%s: fired %v, want %v", when, b.fired, ids)
			}
		}
		b.At(clock.Now(), 1)
		synctest.Wait()
		b.At(clock.Now(), 2)
		want("while fire is under way", 1)
		go b.Pause()
		synctest.Wait()
		close(b.letGo)
		want("while paused", 1)
		b.Resume()
		want("after the pause", 1, 2)
		b.At(clock.Now()+1, 3)
		b.Close()
		<-time.After(time.Second)
		want("once closed", 1, 2)
	})
}

func TestClosedWheelHoldsAndFiresNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *recorder) {
		pending := r.after(time.Second, 1)
		r.Close()
		late := r.after(2*time.Second, 2)
		if late.Stop() || pending.Stop() {
			t.Error("Stop = true on a closed wheel")
		}
		r.Pause()
		r.Resume()
		r.until(time.Minute)
		r.want(t)
		if got := r.Len() + r.Slots(); got != 0 {
			t.Errorf("%d timers or slots are held", got)
		}
	})
}

func TestWheelGoesOnAfterFireExitsItsGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fired []int
		w := wheel.NewSharded(1, func(batch []int) {
			fired = append(fired, batch...)
			if batch[0] == 1 {
				runtime.Goexit()
			}
		})
		defer w.Close()
		w.At(clock.Now(), 1)
		synctest.Wait()
		w.At(clock.Now()+int64(time.Second), 2)
		<-time.After(time.Second)
		synctest.Wait()
		if !slices.Equal(fired, []int{1, 2}) {
			t.Errorf("fired %v, want [1 2]", fired)
		}
	})
}
