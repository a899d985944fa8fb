package ops

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/health/watch"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/streams/writer"
)

// engines are one of each engine that gateways do not have, at work until the test ends.
type engines struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // of the test's goroutines, and ends before the engines do
	all sync.WaitGroup
}

// startEngines gives the address of their metrics.
func startEngines(t *testing.T, redis string) (addr string) {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	e := &engines{t: t, ctx: ctx}
	client := must(flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{redis}}))
	t.Cleanup(func() { _ = client.Close() })
	c := must(flowredis.New("shared", client, flowredis.Config{Budget: time.Second}))
	e.run(c)
	for _, part := range []func(){e.limits, e.jobs, e.chains, e.streams, e.disk, e.leases, e.health, func() { e.redis(c) }} {
		part()
	}
	t.Cleanup(func() {
		end()
		e.all.Wait()
	})
	return serve(t, sdk.MetricsHandler())
}

// serve serves a handler at /metrics.
func serve(t *testing.T, metrics http.Handler) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens at once
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", metrics)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // until it is closed
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return l.Addr().String()
}

// must is for what cannot fail in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// run runs a service until the test ends.
func (e *engines) run(s core.Service) {
	e.t.Helper()
	if err := s.Start(context.Background()); err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = s.Stop(context.Background()) })
}

// repeat does something again and again, with a pause between.
func (e *engines) repeat(pause time.Duration, do func(ctx context.Context) error) {
	ctx := e.ctx
	e.all.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for ctx.Err() == nil {
			_ = do(ctx) // some fail, to be counted
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
}

const pause = 20 * time.Millisecond

// brief is a task that takes a moment.
func brief(ctx context.Context) error {
	select {
	case <-time.After(2 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func briefly(ctx context.Context, item int) (int, error) { return item, brief(ctx) }

var errBad = errors.New("bad luck")

func bad(context.Context) error { return errBad }

// limits are a limiter that makes wait, and policies.
func (e *engines) limits() {
	bucket := must(limit.NewTokenBucket("mail", limit.TokenBucketConfig{Rate: limit.PerSecond(20), Burst: 2}))
	e.t.Cleanup(bucket.Close)
	e.repeat(pause, bucket.Wait)
	trial := must(limit.NewTokenBucket("trial", limit.TokenBucketConfig{Rate: limit.PerSecond(1), Burst: 1}))
	e.t.Cleanup(trial.Close)
	shadow := must(limit.NewShadow("shadow", trial))
	e.t.Cleanup(shadow.Close)
	e.repeat(pause, func(ctx context.Context) error { _, err := shadow.Take(ctx, 1); return err })
	hedge := must(resilience.NewHedge("search", resilience.HedgeConfig{After: time.Millisecond, Budget: -1}))
	e.t.Cleanup(hedge.Close)
	e.repeat(pause, func(ctx context.Context) error { return hedge.Do(ctx, brief) })
	fallback := must(resilience.NewFallback("prices", func(context.Context, error) error { return nil }))
	e.t.Cleanup(fallback.Close)
	e.repeat(pause, func(ctx context.Context) error { return fallback.Do(ctx, bad) })
}

// jobs are a scheduler's, and a pool's tasks.
func (e *engines) jobs() {
	s := must(sched.New("clock", sched.Config{}))
	e.run(s)
	_ = must(s.Schedule(e.ctx, "tidy", sched.Every(100*time.Millisecond), brief))
	_ = must(s.Schedule(e.ctx, "report", sched.Every(100*time.Millisecond), bad))
	pool := must(sched.NewPool("images", sched.PoolConfig{}))
	e.run(pool)
	e.repeat(pause, func(ctx context.Context) error { return pool.Submit(ctx, brief) })
}

// chains are a chain and a pipeline.
func (e *engines) chains() {
	chain := must(sched.NewChain("order", sched.ChainConfig{}, []sched.Step{{Name: "charge", Do: brief}, {Name: "ship", Do: bad}}))
	e.t.Cleanup(chain.Close)
	e.repeat(pause, chain.Run)
	line := must(sched.NewPipeline("thumbnails", sched.PipelineConfig{}, sched.NewStage("shrink", sched.StageConfig{}, briefly)))
	e.run(line)
	e.repeat(pause, func(ctx context.Context) error {
		for _, err := range line.All(ctx, func(yield func(int) bool) { _ = yield(1) && yield(2) }) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// streams are one with a parallel step, batches and a buffer, and one with windows.
func (e *engines) streams() {
	ticks := func(name string) streams.Stream[time.Time] { return streams.Tick(5 * time.Millisecond).Named(name) }
	look := func(ctx context.Context, at time.Time) (time.Time, error) { return at, brief(ctx) }
	e.repeat(pause, func(ctx context.Context) error {
		parallel := streams.Map(ticks("clicks").Buffer(16, streams.DropOldest).Parallel(2), look)
		return streams.Batch(parallel, 8, 50*time.Millisecond).Drain(ctx)
	})
	windows := streams.WindowConfig[time.Time]{Size: 100 * time.Millisecond, Time: func(at time.Time) time.Time { return at }}
	e.repeat(pause, func(ctx context.Context) error {
		return streams.Windows(ticks("minutes"), windows, func() int { return 0 }, func(n int, _ time.Time) int { return n + 1 }).Drain(ctx)
	})
}

// disk is a queue on disk and a writer.
func (e *engines) disk() {
	queue := must(spill.Open("outbox", spill.Config{Dir: e.t.TempDir(), MaxBytes: 64 << 20}))
	e.t.Cleanup(func() { _ = queue.Close(context.Background()) })
	e.repeat(pause, func(ctx context.Context) error { return queue.Push(ctx, []byte("a record")) })
	e.repeat(pause, func(ctx context.Context) error {
		r, err := queue.Pop(ctx)
		if err != nil {
			return err
		}
		return queue.Ack(ctx, r.Seq)
	})
	w := must(writer.New("lines", io.Discard, writer.Config{}))
	e.t.Cleanup(func() { _ = w.Close() })
	e.repeat(pause, func(ctx context.Context) error {
		_, err := w.WriteString("a line\n")
		return errors.Join(err, w.Flush(ctx))
	})
}

// leases are a lock that three want, and a leader.
func (e *engines) leases() {
	locker := must(lease.NewLocker("locks", lease.NewMemory(), lease.Config{TTL: 3 * time.Second}))
	e.t.Cleanup(locker.Close)
	for range 3 {
		e.repeat(pause, func(ctx context.Context) error {
			l, err := locker.Acquire(ctx, "key")
			if err != nil {
				return err
			}
			return errors.Join(brief(ctx), l.Release(context.Background()))
		})
	}
	e.run(must(lease.NewElector("leader", locker)))
}

// health is a check, who tells of it, and who is told.
func (e *engines) health() {
	registry := must(health.New("app", health.Config{Interval: 200 * time.Millisecond}))
	if err := registry.Add(health.Check{Name: "db", Run: brief}); err != nil {
		e.t.Fatal(err)
	}
	told := must(watch.New("app", registry))
	e.t.Cleanup(told.Close)
	oncall := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	e.t.Cleanup(oncall.Close)
	e.run(must(watch.NewWebhook("oncall", watch.WebhookConfig{URL: oncall.URL}, registry)))
	e.run(registry)
}

// redis is a limit whose permits are leased, and a stream with who adds and who reads.
func (e *engines) redis(c *flowredis.Coordinator) {
	leased := must(flowredis.NewTokenBucket("leased", c, flowredis.TokenBucketConfig{Rate: limit.PerSecond(1000), Burst: 1000, Lease: 100}))
	e.t.Cleanup(leased.Close)
	e.repeat(pause, func(ctx context.Context) error { _, err := leased.Take(ctx, 1); return err })
	producer := must(flowredis.NewProducer("orders", c, flowredis.ProducerConfig{Stream: "orders"}))
	e.t.Cleanup(producer.Close)
	e.repeat(pause, func(ctx context.Context) error {
		return producer.Add(ctx, flowredis.Message{Fields: map[string]string{"order": "1"}})
	})
	consumer := must(flowredis.NewConsumer("orders", c, flowredis.ConsumerConfig{Stream: "orders", Group: "shop", Consumer: "first"}))
	e.t.Cleanup(consumer.Close)
	e.repeat(pause, func(ctx context.Context) error {
		return consumer.Messages().ForEach(ctx, func(ctx context.Context, _ flowredis.Message) error { return brief(ctx) })
	})
}
