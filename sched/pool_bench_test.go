package sched_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/telemetry"
)

// executor is something that runs tasks: a pool, or the floor under all pools.
type executor struct {
	submit func(core.Task)
	stop   func()
}

const benchWorkers, benchQueue = 64, 4096

// channelFloor is fixed workers on one buffered channel.
func channelFloor(testing.TB) executor {
	tasks := make(chan core.Task, benchQueue)
	var workers sync.WaitGroup
	for range benchWorkers {
		workers.Go(func() {
			for task := range tasks {
				_ = task(context.Background())
			}
		})
	}
	return executor{
		submit: func(task core.Task) { tasks <- task },
		stop:   func() { close(tasks); workers.Wait() },
	}
}

func poolOf(cfg sched.PoolConfig, opts ...sched.Option) func(testing.TB) executor {
	return func(t testing.TB) executor {
		p := newPool(t, cfg, opts...)
		ctx := context.Background()
		return executor{
			submit: func(task core.Task) {
				if err := p.Submit(ctx, task); err != nil {
					t.Error(err)
				}
			},
			stop: func() { _ = p.Stop(ctx) },
		}
	}
}

// withSDK sends telemetry where an application would.
func withSDK() sched.Option {
	return sched.WithTelemetry(
		telemetry.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))),
		telemetry.WithTracerProvider(sdktrace.NewTracerProvider()))
}

// executors are what the benchmarks compare.
func executors() []struct {
	name string
	make func(testing.TB) executor
} {
	fixed := sched.PoolConfig{MinWorkers: benchWorkers, MaxWorkers: benchWorkers, Queue: benchQueue}
	elastic := sched.PoolConfig{MaxWorkers: benchWorkers, Queue: benchQueue}
	return []struct {
		name string
		make func(testing.TB) executor
	}{
		{"channel", channelFloor},
		{"pool", poolOf(fixed)},
		{"pool_sdk", poolOf(fixed, withSDK())},
		{"pool_elastic_sdk", poolOf(elastic, withSDK())},
	}
}

// BenchmarkPoolSubmit is submitting and running a task that does next to nothing, until all have run.
func BenchmarkPoolSubmit(b *testing.B) {
	for _, producers := range []struct {
		name string
		n    int
	}{{"one", 0}, {"8perP", 8}} {
		for _, e := range executors() {
			b.Run(e.name+"/"+producers.name, func(b *testing.B) {
				ex := e.make(b)
				var ran atomic.Int64
				task := func(context.Context) error { ran.Add(1); return nil }
				b.ReportAllocs()
				b.ResetTimer()
				if producers.n == 0 {
					for range b.N {
						ex.submit(task)
					}
				} else {
					b.SetParallelism(producers.n)
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							ex.submit(task)
						}
					})
				}
				ex.stop()
				b.StopTimer()
				if ran.Load() != int64(b.N) {
					b.Fatalf("ran %d of %d", ran.Load(), b.N)
				}
			})
		}
	}
}

// BenchmarkPoolIdle is one task at a time to idle workers.
func BenchmarkPoolIdle(b *testing.B) {
	for _, e := range executors() {
		b.Run(e.name, func(b *testing.B) {
			ex := e.make(b)
			defer ex.stop()
			done := make(chan struct{}, 1)
			task := func(context.Context) error { done <- struct{}{}; return nil }
			b.ReportAllocs()
			for b.Loop() {
				ex.submit(task)
				<-done
			}
		})
	}
}

// BenchmarkPoolGo is a result through a future, 256 of them outstanding.
func BenchmarkPoolGo(b *testing.B) {
	p := newPool(b, sched.PoolConfig{MinWorkers: benchWorkers, MaxWorkers: benchWorkers, Queue: benchQueue}, withSDK())
	request, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": context.Background(), "request": request} {
		b.Run(name, func(b *testing.B) {
			var window [256]*sched.Future[int]
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				slot := &window[i%len(window)]
				if *slot != nil {
					if _, err := (*slot).Wait(ctx); err != nil {
						b.Fatal(err)
					}
				}
				n := i
				*slot = sched.Go(ctx, p, func(context.Context) (int, error) { return n, nil })
				i++
			}
		})
	}
}

// BenchmarkPoolSubmitBatch is BenchmarkPoolSubmit, 64 at a time.
func BenchmarkPoolSubmitBatch(b *testing.B) {
	p := newPool(b, sched.PoolConfig{MinWorkers: benchWorkers, MaxWorkers: benchWorkers, Queue: benchQueue}, withSDK())
	var ran atomic.Int64
	tasks := make([]core.Task, 64)
	for i := range tasks {
		tasks[i] = func(context.Context) error { ran.Add(1); return nil }
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i += len(tasks) {
		if _, err := p.SubmitBatch(context.Background(), tasks[:min(len(tasks), b.N-i)]); err != nil {
			b.Fatal(err)
		}
	}
	for ran.Load() < int64(b.N) {
		runtime.Gosched()
	}
}
