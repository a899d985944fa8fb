package stripe_test

import (
	"sync"
	"testing"

	"github.com/goflow-go/goflow/internal/stripe"
)

func TestCounterLosesNothingAcrossGoroutines(t *testing.T) {
	t.Parallel()
	var c stripe.Counter
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for range 10_000 {
				c.Add(1)
			}
			c.Add(-1)
		})
	}
	workers.Wait()
	if got := c.Load(); got != 64*9_999 {
		t.Errorf("Load = %d, want %d", got, 64*9_999)
	}
}

func BenchmarkCounterAdd(b *testing.B) {
	var c stripe.Counter
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Add(1)
		}
	})
}
