package limit_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// burn keeps all processors busy with more goroutines than they can run at a time, until the end.
func burn() (end func()) {
	var stop atomic.Bool
	var burning sync.WaitGroup
	for range 16 * runtime.GOMAXPROCS(0) {
		burning.Go(func() {
			for n := 0; !stop.Load(); n++ {
			}
		})
	}
	return func() {
		stop.Store(true)
		burning.Wait()
	}
}

// TestOverloadOfARealRuntime burns the processors. Other programs may do so at the same time, so the
// order of what is refused is asked of each burn, and a quick recovery of the best of three, in which the
// time counts that is free of pressure.
func TestOverloadOfARealRuntime(t *testing.T) {
	o, err := limit.NewOverload("api", limit.OverloadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	for range 3 {
		recovered := burnOnce(t, o)
		if recovered < 2*time.Second {
			return
		}
	}
	t.Error("it never recovered in less than 2 s")
}

// burnOnce burns until a third of what is normal is refused, and gives how long it was until nothing was,
// less the time in which goroutines waited for processors that others burn.
func burnOnce(t *testing.T, o *limit.Overload) (recovered time.Duration) {
	t.Helper()
	began := time.Now()
	end := burn()
	for o.Rejection(limit.Normal) < 0.3 {
		if got := admitted(o, 1, limit.Critical); got != 1 {
			t.Error("what is critical is refused")
		}
		if !await(began, time.Minute) {
			end()
			t.Fatalf("a minute of burning refuses %v", o)
		}
	}
	refused := time.Since(began)
	if got := 100 - admitted(o, 100, limit.Sheddable); got == 0 || admitted(o, 100, limit.Critical) != 100 {
		t.Errorf("%d of 100 that are sheddable are refused: %v", got, o)
	}
	told := o.String()
	end()
	began = time.Now()
	for o.Rejection(limit.Sheddable) > 0 {
		look := time.Now()
		if !await(began, time.Minute) {
			t.Fatalf("a minute after the burning: %v", o)
		}
		if o.Pressure() < 0.1 {
			recovered += time.Since(look)
		}
	}
	t.Logf("a third of what is normal is refused after %v; %s; recovered after %v, of which %v were free of pressure",
		refused, told, time.Since(began), recovered)
	return recovered
}

// await lets a look at the runtime pass, and says whether it is less than most since began.
func await(began time.Time, most time.Duration) bool {
	<-time.After(10 * time.Millisecond)
	return time.Since(began) < most
}
