package limit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/limit"
)

func TestSweepForgetsKeysAtRestOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(1), Burst: 10})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		for i := range 1000 {
			k.Allow(t.Context(), fmt.Sprint("once ", i))
		}
		k.AllowN(t.Context(), "much", 10)
		if got := k.Sweep(); got != 0 || k.Len() != 1001 {
			t.Errorf("forgot %d keys in use, %d are left", got, k.Len())
		}
		<-time.After(5 * time.Second)
		if got := k.Sweep(); got != 1000 || k.Len() != 1 {
			t.Errorf("forgot %d keys at rest, %d are left, want 1000 and 1", got, k.Len())
		}
		if k.AllowN(t.Context(), "much", 6) {
			t.Error("the key in use got permits back by being swept")
		}
	})
}

func TestSweepDoesNotMindDecisions(t *testing.T) {
	t.Parallel()
	k, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerMinute(1), Burst: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	var allowed [4]int
	var workers sync.WaitGroup
	for w := range allowed {
		workers.Go(func() {
			for range 1000 {
				if k.Allow(context.Background(), fmt.Sprint(w)) {
					allowed[w]++
				}
			}
		})
	}
	for range 50 {
		k.Sweep()
	}
	workers.Wait()
	for w, n := range allowed {
		if n != 100 {
			t.Errorf("key %d was allowed %d times, want 100", w, n)
		}
	}
}
