package integration

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowhttp"
	"github.com/goflow-go/goflow/contrib/flowredis"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/fxmodule/servicefx"
	"github.com/goflow-go/goflow/internal/redistest"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/streams/writer"
	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// house has one of each engine that starts goroutines.
type house struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // of the test's goroutines, and ends before the engines do
	end     context.CancelFunc
	callers sync.WaitGroup
	server  *redistest.Server
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, server: redistest.Single(t)}
	h.ctx, h.end = context.WithCancel(context.Background())
	return h
}

// open brings all into the middle of something, and gives the labels there must be.
func (h *house) open() (labels []string) {
	for _, part := range []func() []string{h.jobs, h.streams, h.policies, h.services, h.redis} {
		labels = append(labels, part()...)
	}
	return labels
}

// close ends what the test's goroutines do.
func (h *house) close() {
	h.end()
	h.callers.Wait()
}

// must is for what cannot fail in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// call runs f in a goroutine of the test's own.
func (h *house) call(f func(ctx context.Context) error) {
	ctx := h.ctx
	h.callers.Go(func() { _ = f(ctx) }) // ends with its context's error
}

// run runs a service until the test ends.
func (h *house) run(s core.Service) {
	h.t.Helper()
	if err := s.Start(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Stop(ctx)
	})
}

// stand is a task that goes on until its context ends.
func stand(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// stand is a task that does not wait to be cancelled when the test ends, as a pool that is stopped would have it.
func (h *house) stand(context.Context) error { return stand(h.ctx) }

func standOn(ctx context.Context, item int) (int, error) { return item, stand(ctx) }
func standAt(ctx context.Context, _ int) error           { return stand(ctx) }

// jobs are what package sched starts.
func (h *house) jobs() []string {
	s := must(sched.New("clock", sched.Config{}))
	h.run(s)
	_ = must(s.Schedule(h.ctx, "job", sched.After(time.Millisecond), h.stand))

	pool := must(sched.NewPool("images", sched.PoolConfig{}))
	h.run(pool)
	if err := pool.Submit(h.ctx, sched.Batch(0, h.stand, h.stand)); err != nil {
		h.t.Fatal(err)
	}

	line := must(sched.NewPipeline("line", sched.PipelineConfig{}, sched.NewStage("stage", sched.StageConfig{}, standOn)))
	h.run(line)
	h.call(func(ctx context.Context) error {
		for _, err := range line.All(ctx, func(yield func(int) bool) { _ = yield(1) && yield(2) }) {
			return err
		}
		return nil
	})

	chain := must(sched.NewChain("order", sched.ChainConfig{}, []sched.Step{{Name: "step", Do: stand}}))
	h.t.Cleanup(chain.Close)
	h.call(chain.Run)
	return []string{"pool clock", "pool images", "pool line/stage", "pipeline line", "chain order"}
}

// streams are what package streams and those below it start.
func (h *house) streams() []string {
	from := func(name string) streams.Stream[int] { return streams.FromSlice([]int{1, 2, 3}).Named(name) }
	h.call(func(ctx context.Context) error { return streams.Map(from("crew").Parallel(2), standOn).Drain(ctx) })
	h.call(func(ctx context.Context) error { return from("buffer").Buffer(1, streams.Block).ForEach(ctx, standAt) })
	h.call(func(ctx context.Context) error {
		return streams.Merge(from("a"), from("b")).Named("merge").ForEach(ctx, standAt)
	})
	sink := func(ctx context.Context, _ streams.Stream[int]) error { return stand(ctx) }
	h.call(func(ctx context.Context) error { return streams.Broadcast(ctx, from("fan"), sink, sink) })
	h.call(func(ctx context.Context) error {
		return streams.GroupBy(ctx, from("groups"), streams.GroupConfig{}, func(i int) int { return i },
			func(ctx context.Context, _ int, in streams.Stream[int]) error { return sink(ctx, in) })
	})

	queue := must(spill.Open("disk", spill.Config{Dir: h.t.TempDir()}))
	h.t.Cleanup(func() { _ = queue.Close(context.Background()) })
	w := must(writer.New("log", standing{h}, writer.Config{}))
	h.t.Cleanup(func() { _ = w.Close() })
	return []string{"stream crew", "stream buffer", "stream fan", "stream groups", "spill disk", "writer log"}
}

// standing is a sink that does not answer.
type standing struct{ h *house }

func (s standing) Write(p []byte) (int, error) { return len(p), stand(s.h.ctx) }

// deaf is a store of leases that gives, and then does not answer.
type deaf struct{ lease.Store }

func (deaf) Extend(ctx context.Context, _, _ string, _ time.Duration) (bool, error) {
	return false, stand(ctx)
}

// policies are what packages resilience and lease start.
func (h *house) policies() []string {
	hedge := must(resilience.NewHedge("search", resilience.HedgeConfig{After: time.Millisecond, Budget: -1}))
	h.t.Cleanup(hedge.Close)
	h.call(func(ctx context.Context) error { return hedge.Do(ctx, stand) })

	locker := must(lease.NewLocker("locks", deaf{lease.NewMemory()}, lease.Config{TTL: 3 * time.Second}))
	h.t.Cleanup(locker.Close)
	h.call(func(ctx context.Context) error {
		l, err := locker.Acquire(ctx, "key")
		if err != nil {
			return err
		}
		_ = stand(ctx)
		return l.Release(context.Background())
	})
	h.run(must(lease.NewElector("leader", locker)))
	return []string{"hedge search", "lease locks", "service leader"}
}

// services are what runs in the background by itself.
func (h *house) services() []string {
	h.run(must(core.NewGroup("parts", core.GroupConfig{}, core.Member{Name: "part", Service: core.Background("part", stand)})))

	registry := must(health.New("app", health.Config{}))
	if err := registry.Add(health.Check{Name: "db", Run: stand}); err != nil {
		h.t.Fatal(err)
	}
	h.run(registry)

	h.run(fx.New(fx.NopLogger, servicefx.AsService("cart", func() *core.Loop { return core.Background("loop", stand) })))

	server := must(flowhttp.NewServer("web", flowhttp.ServerConfig{Addr: "127.0.0.1:0"},
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = stand(r.Context()) })))
	h.run(server)
	h.call(func(ctx context.Context) error { return asks(ctx, "http://"+server.Addr().String()) })

	sdk := must(otelsdk.Setup(h.ctx, otelsdk.Config{}, otelsdk.WithSpanProcessor(lingering{tracetest.NewSpanRecorder()})))
	h.call(sdk.Shutdown)
	return []string{"group parts", "service part", "check db", "service cart", "service loop", "server web", "telemetry otelsdk"}
}

// lingering is a span processor that takes its time to shut down.
type lingering struct{ *tracetest.SpanRecorder }

func (lingering) Shutdown(ctx context.Context) error { return stand(ctx) }

// redis is what package flowredis starts. Redis itself stands still for all commands of its limiters.
func (h *house) redis() []string {
	client := must(flowredis.NewClient(flowredis.ClientConfig{Addrs: []string{h.server.Addr()}}))
	h.t.Cleanup(func() { _ = client.Close() })
	c := must(flowredis.New("shared", client, flowredis.Config{Budget: time.Minute, Heartbeat: 100 * time.Millisecond}))
	h.run(c)
	slots := must(flowredis.NewConcurrency("slots", c, flowredis.ConcurrencyConfig{Limit: 5}))
	h.t.Cleanup(slots.Close)
	permit := must(slots.Acquire(h.ctx, 1))
	h.t.Cleanup(permit.Release)
	bucket := flowredis.TokenBucketConfig{Rate: limit.PerSecond(1), Burst: 1000, Lease: 100}
	leased := must(flowredis.NewTokenBucket("leased", c, bucket))
	for range 10 { // until a lease is for more than was asked for
		_ = must(leased.Take(h.ctx, 1))
	}
	bucket.Lease, bucket.Batch = 0, true
	batched := must(flowredis.NewTokenBucket("batched", c, bucket))
	h.t.Cleanup(batched.Close)
	client.AddHook(still{h.ctx})

	heedless := redis.NewClient(&redis.Options{Addr: h.server.Addr()})
	h.t.Cleanup(func() { _ = heedless.Close() })
	heedless.AddHook(still{h.ctx})
	alone := must(flowredis.New("alone", heedless, flowredis.Config{Budget: time.Minute}))
	bucket.Batch = false
	single := must(flowredis.NewTokenBucket("single", alone, bucket))
	h.t.Cleanup(single.Close)

	h.call(func(ctx context.Context) error { _, err := batched.Take(ctx, 1); return err })
	h.call(func(ctx context.Context) error { _, err := single.Take(ctx, 1); return err })
	h.call(func(context.Context) error { leased.Close(); return nil })
	return []string{"service shared", "limiter slots", "limiter leased", "coordinator shared", "coordinator alone"}
}

// still is a hook of a client that holds up the commands of limiters, but no heartbeats, until a context ends.
type still struct {
	until context.Context //nolint:containedctx // when all ends
}

func (still) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s still) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.hold(cmd)
		return next(ctx, cmd)
	}
}

func (s still) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		s.hold(cmds...)
		return next(ctx, cmds)
	}
}

func (s still) hold(cmds ...redis.Cmder) {
	for _, cmd := range cmds {
		for _, limiter := range []string{"slots", "leased", "batched", "single"} {
			if strings.Contains(cmd.String(), limiter) {
				<-s.until.Done()
			}
		}
	}
}
