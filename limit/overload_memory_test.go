package limit_test

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
)

// TestOverloadOfRealMemory fills the memory up to its limit, for which it sets a low one: it runs alone.
func TestOverloadOfRealMemory(t *testing.T) {
	const room = 64 << 20
	debug.FreeOSMemory() // what other tests have left is not in use
	mapped := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(mapped)
	total := int64(mapped[0].Value.Uint64()-mapped[1].Value.Uint64()) + room
	before := debug.SetMemoryLimit(total)
	defer debug.SetMemoryLimit(before)
	o := newReal(t, limit.OverloadConfig{MaxSchedLatency: -1, MaxMemoryShare: 1 - float64(room)/2/float64(total)})
	requireRecovers(t, o, func() (end func()) {
		held := make([]byte, room-room/8)
		for i := range held {
			held[i] = 1 // so that the system gives it
		}
		runtime.GC() // what is live is known when the collector ran
		return func() {
			runtime.KeepAlive(held)
			held = nil
			runtime.GC()
		}
	})
}

func TestOverloadOfRealGoroutines(t *testing.T) { // apart from other tests, which may have as many
	o := newReal(t, limit.OverloadConfig{MaxSchedLatency: -1, MaxMemoryShare: -1, MaxGoroutines: 2000})
	requireRecovers(t, o, func() (end func()) {
		stop := make(chan struct{})
		var all sync.WaitGroup
		for range 4000 {
			all.Go(func() { <-stop })
		}
		return func() {
			close(stop)
			all.Wait()
		}
	})
}

func newReal(t *testing.T, cfg limit.OverloadConfig) *limit.Overload {
	t.Helper()
	o, err := limit.NewOverload("api", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// requireRecovers sees to it that nothing is refused before there is pressure, something while there is, and nothing
// soon after.
func requireRecovers(t *testing.T, o *limit.Overload, press func() (end func())) {
	t.Helper()
	if got := admitted(o, 100, limit.Sheddable); got != 100 {
		t.Errorf("%d of 100 were admitted before there was pressure: %v", got, o)
	}
	end, began := press(), time.Now()
	for o.Rejection(limit.Sheddable) < 1 {
		if !await(began, time.Minute) {
			end()
			t.Fatalf("a minute of pressure refuses %v", o)
		}
	}
	if o.Pressure() < 1 || math.IsInf(o.Pressure(), 0) || admitted(o, 100, limit.Critical) != 100 {
		t.Errorf("under pressure: %v", o)
	}
	end()
	began = time.Now()
	for o.Rejection(limit.Sheddable) > 0 {
		if !await(began, time.Minute) {
			t.Fatalf("a minute after the pressure: %v", o)
		}
	}
	t.Logf("recovered after %v", time.Since(began))
}
