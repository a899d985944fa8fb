package streams_test

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// TestABatchIsFullOrItsFirstItemHasWaited sends items at random seconds, often just when a timer fires.
func TestABatchIsFullOrItsFirstItemHasWaited(t *testing.T) {
	t.Parallel()
	const wait, size = 3 * time.Second, 3
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			random, in, sent := rand.New(rand.NewPCG(seed, 0)), make(chan time.Time), 0
			go func() {
				defer close(in)
				for range 40 {
					<-time.After(time.Duration(random.IntN(4)) * time.Second)
					in <- time.Now()
				}
			}()
			err := streams.Batch(streams.FromChannel(in), size, wait).ForEach(t.Context(), func(_ context.Context, b []time.Time) error {
				sent += len(b)
				open, full := time.Since(b[0]), len(b) == size && time.Since(b[size-1]) == 0
				if !full && open != wait && (sent < 40 || open > wait) {
					t.Errorf("seed %d: a batch of %d items was open for %v", seed, len(b), open)
				}
				return nil
			})
			if err != nil || sent != 40 {
				t.Errorf("seed %d: got %d items and error %v, want 40", seed, sent, err)
			}
		})
	}
}

func TestATimedBatchReadsAheadByABatchAndAChunk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int64
		in := streams.WithChunk(streams.FromSlice(numbers(100)), func() int { return 3 }).Tap(func(int) { read.Add(1) })
		err := streams.Batch(in, 4, time.Second).Take(3).ForEach(t.Context(), func(_ context.Context, b []int) error {
			<-time.After(time.Minute)
			if got, most := int(read.Load()), b[3]+1+4+3; got > most {
				t.Errorf("it read %d items by the end of batch %v, want at most %d", got, b, most)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestATimedBatchTellsWhoWaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		in := streams.FromSlice(numbers(6)).Named("orders", streams.WithTelemetry(rec.Options()...)).Tap(func(n int) {
			if n == 0 {
				<-time.After(time.Second)
			}
		})
		err := streams.Batch(in, 2, time.Hour).ForEach(t.Context(), func(context.Context, []int) error {
			<-time.After(time.Second)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]float64{"goflow.stream.idle.time": 1, "goflow.stream.blocked.time": 2} {
			if got := rec.RequireMetric(name, at("batch", "")...).Value; got != want {
				t.Errorf("got %s %v s, want %v", name, got, want)
			}
		}
		rec.RequireCount("goflow.stream.batch.size", 3, at("batch", "")...)
	})
}
