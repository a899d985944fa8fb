package flowadmin_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/core/resilience"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/sched"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/streams/writer"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// made gives what a constructor made.
func made[E any](t *testing.T) func(E, error) E {
	return func(e E, err error) E {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
}

// do does an action of an engine.
func do(t *testing.T, e flowadmin.Engine, action string, args map[string]string) (string, error) {
	t.Helper()
	for _, a := range e.Actions {
		if a.Name != action {
			continue
		}
		for _, p := range a.Params {
			if p.Current() == "" {
				t.Errorf("%s: there is no %s now", action, p.Name)
			}
		}
		return a.Do(t.Context(), args)
	}
	t.Fatalf("%s %q has no action %s", e.Kind, e.Name, action)
	return "", nil
}

// state gives the state of an engine as text.
func state(e flowadmin.Engine) string {
	var text strings.Builder
	for _, f := range e.State() {
		text.WriteString(f.Name + "=" + f.Value + "; ")
	}
	return text.String()
}

// requireState requires parts of an engine's state.
func requireState(t *testing.T, e flowadmin.Engine, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if got := state(e); !strings.Contains(got, part) {
			t.Errorf("the state of %s %q is %q, want %q in it", e.Kind, e.Name, got, part)
		}
	}
}

// limiters makes one of each limiter, with the state it has.
func limiters(t *testing.T, opts ...limit.Option) map[string]flowadmin.Engine {
	t.Helper()
	rate, window := limit.PerSecond(20), limit.WindowConfig{Limit: 10, Window: time.Minute}
	bucket := made[*limit.TokenBucket](t)(limit.NewTokenBucket("bucket", limit.TokenBucketConfig{Rate: rate, Burst: 5}, opts...))
	list := []interface {
		flowadmin.Named
		Close()
	}{
		bucket,
		made[*limit.Keyed](t)(limit.NewKeyed("keyed", limit.KeyedConfig{Rate: rate, Burst: 5}, opts...)),
		made[*limit.LeakyBucket](t)(limit.NewLeakyBucket("leaky", limit.LeakyBucketConfig{Rate: rate}, opts...)),
		made[*limit.ShardedBucket](t)(limit.NewSharded("sharded", limit.ShardedConfig{Rate: limit.PerSecond(1e6), Burst: 100_000}, opts...)),
		made[*limit.FixedWindow](t)(limit.NewFixedWindow("fixed", window, opts...)),
		made[*limit.SlidingWindow](t)(limit.NewSlidingWindow("sliding", window, opts...)),
		made[*limit.SlidingLog](t)(limit.NewSlidingLog("log", window, opts...)),
		made[*limit.Concurrency](t)(limit.NewConcurrency("calls", limit.ConcurrencyConfig{Limit: 8}, opts...)),
		made[*limit.Adaptive](t)(limit.NewAdaptive("adaptive", limit.AdaptiveConfig{Initial: 7}, opts...)),
		made[*limit.Throttle](t)(limit.NewThrottle("throttle", limit.ThrottleConfig{}, opts...)),
		made[*limit.Overload](t)(limit.NewOverload("overload", limit.OverloadConfig{MaxSchedLatency: -1, MaxMemoryShare: -1}, opts...)),
		made[*limit.All](t)(limit.NewAll("all", []limit.Limiter{bucket}, opts...)),
		made[*limit.Shadow](t)(limit.NewShadow("shadow", bucket, opts...)),
	}
	engines := map[string]flowadmin.Engine{}
	for _, l := range list {
		t.Cleanup(l.Close)
		engines[l.Name()] = flowadmin.Limiter(l)
	}
	return engines
}

func TestEnginesAreCalledWhatTheirMetricsAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		require := func(metric string, engines ...flowadmin.Engine) {
			t.Helper()
			for _, e := range engines {
				if name := attribute.String("goflow."+e.Kind+".name", e.Name); len(rec.Points(metric, name)) == 0 {
					t.Errorf("there is no %s with %s = %q", metric, name.Key, e.Name)
				}
				if len(e.State()) == 0 {
					t.Errorf("%s %q has no state", e.Kind, e.Name)
				}
			}
		}
		for _, e := range limiters(t, limit.WithTelemetry(rec.Options()...)) {
			require("goflow.limiter.decisions", e)
		}
		policies(t, rec, require)
		leases(t, rec, require)
		scheduled(t, rec, require)
		written(t, rec, require)
		rec.RequireDeclared()
	})
}

func policies(t *testing.T, rec *telemetrytest.Recorder, require func(string, ...flowadmin.Engine)) {
	o := resilience.WithTelemetry(rec.Options()...)
	s := made[*resilience.Standard](t)(resilience.NewStandard("payments", resilience.StandardConfig{}, o))
	h := made[*resilience.Hedge](t)(resilience.NewHedge("search", resilience.HedgeConfig{After: time.Second}, o))
	d := made[*resilience.Timeout](t)(resilience.NewTimeout("patience", resilience.TimeoutConfig{Timeout: time.Second}, o))
	f := made[*resilience.Fallback](t)(resilience.NewFallback("cache", func(context.Context, error) error { return nil }, o))
	for _, p := range []interface{ Close() }{s, h, d, f} {
		t.Cleanup(p.Close)
	}
	require("goflow.breaker.state", flowadmin.Breaker(s.Breaker()))
	require("goflow.retry.calls", flowadmin.Described("retry", s.Retry()))
	require("goflow.hedge.calls", flowadmin.Described("hedge", h))
	require("goflow.timeout.calls", flowadmin.Described("timeout", d))
	require("goflow.fallback.calls", flowadmin.Described("fallback", f))
}

func leases(t *testing.T, rec *telemetrytest.Recorder, require func(string, ...flowadmin.Engine)) {
	o := lease.WithTelemetry(rec.Options()...)
	l := made[*lease.Locker](t)(lease.NewLocker("app", lease.NewMemory(), lease.Config{}, o))
	t.Cleanup(l.Close)
	e := made[*lease.Elector](t)(lease.NewElector("reports", l, o))
	engine := flowadmin.Elector(e)
	requireState(t, engine, "leads=false")
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	requireState(t, engine, "leads=true", "terms=1")
	require("goflow.lease.term.active", engine)
	require("goflow.lease.active", flowadmin.Described("lease", l))
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func scheduled(t *testing.T, rec *telemetrytest.Recorder, require func(string, ...flowadmin.Engine)) {
	o := sched.WithTelemetry(rec.Options()...)
	s := made[*sched.Scheduler](t)(sched.New("jobs", sched.Config{}, o))
	p := made[*sched.Pool](t)(sched.NewPool("images", sched.PoolConfig{}, o))
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	j := made[*sched.Job](t)(s.Schedule(t.Context(), "sweep", sched.Every(time.Hour), func(context.Context) error { return errors.New("no broom") }))
	if err := j.RunNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	requireState(t, flowadmin.Job(j), "1 failed", ": no broom", "next=2000-01-01T0")
	requireState(t, flowadmin.Scheduler(s), `job=job "sweep": due`)
	require("goflow.job.runs", flowadmin.Job(j))
	require("goflow.scheduler.job.pending", flowadmin.Scheduler(s))
	require("goflow.pool.queue.capacity", flowadmin.Pool(p))
	if err := errors.Join(s.Stop(t.Context()), p.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func written(t *testing.T, rec *telemetrytest.Recorder, require func(string, ...flowadmin.Engine)) {
	w := made[*writer.Writer](t)(writer.New("log", io.Discard, writer.Config{BufferBytes: 1000, Buffers: 2}, writer.WithTelemetry(rec.Options()...)))
	q := made[*spill.Queue](t)(spill.Open("orders", spill.Config{Dir: t.TempDir()}, spill.WithTelemetry(rec.Options()...)))
	if err := q.Push(t.Context(), []byte("one")); err != nil {
		t.Fatal(err)
	}
	requireState(t, flowadmin.Spill(q), "records=1;", " in 1 segments", "lost=0")
	requireState(t, flowadmin.Writer(w), "in memory=0 writes (0 bytes) of 2000 bytes", "lost=0 writes (0 bytes)")
	require("goflow.writer.buffer.capacity", flowadmin.Writer(w))
	require("goflow.spill.capacity", flowadmin.Spill(q))
	if err := errors.Join(w.Stop(t.Context()), q.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func TestWrongArgumentsAreErrorsThatSayWhatIsWanted(t *testing.T) {
	t.Parallel()
	engines := limiters(t)
	pool := made[*sched.Pool](t)(sched.NewPool("images", sched.PoolConfig{MinWorkers: 2, MaxWorkers: 4}))
	for name, c := range map[string]struct {
		engine flowadmin.Engine
		action string
		args   map[string]string
		want   string
	}{
		"no rate":         {engines["bucket"], "set_rate", nil, `flowadmin: rate "" is invalid: limit: rate "": want a number`},
		"a word as rate":  {engines["keyed"], "set_rate", map[string]string{"rate": "fast"}, `flowadmin: rate "fast" is invalid`},
		"a rate too high": {engines["leaky"], "set_rate", map[string]string{"rate": "1e12/s"}, "must be at most 1e9/s"},
		"a burst of none": {engines["bucket"], "set_burst", map[string]string{"burst": "0"}, `limit: "bucket": Burst must be above 0`},
		"half a permit":   {engines["calls"], "set_limit", map[string]string{"limit": "0.5"}, "want a whole number, as in 20"},
		"a window of -1":  {engines["log"], "set_window", map[string]string{"window": "-1s"}, "Window must"},
		"no workers":      {flowadmin.Pool(pool), "resize", map[string]string{"min": "x"}, `flowadmin: max "" is invalid`},
		"too few workers": {flowadmin.Pool(pool), "resize", map[string]string{"min": "3", "max": "2"}, "must be at most MaxWorkers, 2"},
	} {
		text, err := do(t, c.engine, c.action, c.args)
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.want) || text != "" {
			t.Errorf("%s: got %q, %v, want %q in it", name, text, err, c.want)
		}
	}
	if err := pool.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestLongArgumentsAreCut(t *testing.T) {
	t.Parallel()
	_, err := do(t, limiters(t)["bucket"], "set_burst", map[string]string{"burst": strings.Repeat("9", 10_000)})
	if err == nil || len(err.Error()) > 500 {
		t.Errorf("got %v", err)
	}
}
