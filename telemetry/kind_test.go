package telemetry_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

func TestEngineMadeBeforeTheSDKReportsAllItCounted(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	e := newEngine(newKind(), "checkout")
	e.decisions.Store(3)
	rec := telemetrytest.New(t)
	otel.SetMeterProvider(rec.MeterProvider())
	e.decisions.Add(4)
	rec.RequireSum("goflow.limiter.decisions", 7, checkout, allowed)
	e.Durations(flowconv.LimiterWaitDuration, checkout).Record(t.Context(), 1, nil)
	rec.RequireCount("goflow.limiter.wait.duration", 1)
	rec.RequireDeclared()
}

func TestGaugesAreThereFromBirthAndVanishWithClose(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	e := newEngine(newKind(), "checkout", rec.Options()...)
	rec.RequireSum("goflow.limiter.queue.size", 0, checkout)
	rec.RequireSum("goflow.limiter.decisions", 0, checkout)
	e.decisions.Store(2)
	e.Close()
	rec.RequireNoMetric("goflow.limiter.queue.size")
	rec.RequireSum("goflow.limiter.decisions", 2, checkout)
}

func TestCloseKeepsCountersOfInstancesWithTheSameName(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	kind := newKind()
	a, b := newEngine(kind, "checkout", rec.Options()...), newEngine(kind, "checkout", rec.Options()...)
	a.decisions.Store(3)
	b.decisions.Store(4)
	rec.RequireSum("goflow.limiter.decisions", 7, checkout)
	a.Close()
	a.Close()              // idempotent
	a.decisions.Store(100) // too late
	rec.RequireSum("goflow.limiter.decisions", 7, checkout)
	newEngine(kind, "checkout", rec.Options()...).decisions.Store(1)
	rec.RequireSum("goflow.limiter.decisions", 8, checkout)
}

func TestCountersNeverFallWhileInstancesCountAndClose(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	kind := newKind()
	keep := newEngine(kind, "checkout", rec.Options()...)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				churn(newEngine(kind, "checkout", rec.Options()...))
			}
		})
	}
	go func() { wg.Wait(); close(done) }()

	last := int64(0)
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		var now int64
		for _, p := range rec.Points("goflow.limiter.decisions") {
			now += int64(p.Value)
		}
		if now < last {
			t.Fatalf("the counter fell from %d to %d", last, now)
		}
		last = now
	}
	keep.Close()
}

// churn closes an engine that goes on counting.
func churn(e *engine) {
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 100 {
			e.decisions.Add(1)
		}
	})
	e.Close()
	wg.Wait()
}

func TestACollectionOlderThanCloseReportsWhatCloseKept(t *testing.T) {
	t.Parallel()
	p := &heldProvider{}
	kind := newKind()
	var second *engine
	closeSecond := sync.OnceFunc(func() {
		second.decisions.Store(5)
		second.Close()
		second.decisions.Store(9)
	})
	first := telemetry.NewPoint(flowconv.LimiterDecisions, flowconv.LimiterNameKey.String("first"))
	kind.Register(telemetry.NewScope(scopeName, telemetry.WithMeterProvider(p)), observeFunc(func(o *telemetry.Observer) {
		if second != nil { // while a collection is under way, before it comes to the second
			closeSecond()
		}
		o.Observe(&first, 1)
	}))
	second = newEngine(kind, "second", telemetry.WithMeterProvider(p))
	for range 2 {
		if got := p.collect(t.Context()); got["second"] != 5 {
			t.Errorf("the collection has %v, want 5 decisions of the closed engine", got)
		}
	}
}

func TestThousandInstancesShareOneCallback(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	p := &countingProvider{MeterProvider: rec.MeterProvider(), calls: make(map[string]int)}
	kind := newKind()
	for i := range 1000 {
		newEngine(kind, fmt.Sprint("e", i%10), telemetry.WithMeterProvider(p)).decisions.Store(1)
	}
	want := map[string]int{"Meter": 1, "RegisterCallback": 1, "counter": 1, "updown": 1, "histogram": 1}
	for call, n := range want {
		if p.calls[call] != n {
			t.Errorf("%s was called %d times, want %d", call, p.calls[call], n)
		}
	}
	rec.RequireSum("goflow.limiter.decisions", 1000)
	rec.RequireSum("goflow.limiter.decisions", 100, flowconv.LimiterNameKey.String("e3"))
}

func TestEachProviderReadsItsOwnInstances(t *testing.T) {
	t.Parallel()
	a, b := telemetrytest.New(t), telemetrytest.New(t)
	kind := newKind()
	newEngine(kind, "checkout", a.Options()...).decisions.Store(1)
	newEngine(kind, "checkout", b.Options()...).decisions.Store(2)
	a.RequireSum("goflow.limiter.decisions", 1)
	b.RequireSum("goflow.limiter.decisions", 2)
}

func TestTwoReadersOfAProviderSeeTheSame(t *testing.T) {
	t.Parallel()
	readers := [2]*sdkmetric.ManualReader{sdkmetric.NewManualReader(), sdkmetric.NewManualReader()}
	p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(readers[0]), sdkmetric.WithReader(readers[1]))
	newEngine(newKind(), "checkout", telemetry.WithMeterProvider(p)).decisions.Store(5)
	for i, r := range readers {
		var rm metricdata.ResourceMetrics
		if err := r.Collect(t.Context(), &rm); err != nil {
			t.Fatal(err)
		}
		sum := rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
		if sum.DataPoints[0].Value != 5 {
			t.Errorf("reader %d sees %d, want 5", i, sum.DataPoints[0].Value)
		}
	}
}

func TestAReaderThatBlocksHoldsUpNoOne(t *testing.T) {
	t.Parallel()
	p := &heldProvider{inside: make(chan struct{}), release: make(chan struct{})}
	kind := newKind()
	e := newEngine(kind, "checkout", telemetry.WithMeterProvider(p))
	collected := make(chan struct{})
	go func() { defer close(collected); p.collect(context.Background()) }()
	<-p.inside
	other := newEngine(kind, "other", telemetry.WithMeterProvider(p)) // a deadlock here fails the test
	other.Close()
	e.Close()
	close(p.release)
	<-collected
}

func TestProvidersThatCannotBeComparedWork(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(metric.MeterProvider) metric.MeterProvider{
		"a slice in it":               func(p metric.MeterProvider) metric.MeterProvider { return sliceProvider{p, nil} },
		"one inside another by value": func(p metric.MeterProvider) metric.MeterProvider { return wrapper{sliceProvider{p, nil}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := telemetrytest.New(t)
			e := newEngine(newKind(), "checkout", telemetry.WithMeterProvider(wrap(rec.MeterProvider())))
			e.decisions.Store(2)
			rec.RequireSum("goflow.limiter.decisions", 2)
			e.Close()
			rec.RequireSum("goflow.limiter.decisions", 2)
		})
	}
}

type sliceProvider struct {
	metric.MeterProvider
	_ []int
}

type wrapper struct{ metric.MeterProvider }

func TestTotalsOfManyNamesAreBoundedAndStillAddUp(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	kind := newKind()
	for i := range 1500 {
		e := newEngine(kind, fmt.Sprint("tenant", i), rec.Options()...)
		e.decisions.Store(2)
		e.Close()
	}
	rec.RequireSum("goflow.limiter.decisions", 3000)
	rec.RequireSum("goflow.limiter.decisions", 1000, attribute.Bool("otel.metric.overflow", true))
	if n := len(rec.Points("goflow.limiter.decisions")); n != 1001 {
		t.Errorf("%d series, want 1000 and the overflow", n)
	}
	rec.RequireDeclared()
}

func TestPointsOfMetricsTheKindDoesNotHaveAreLeftOut(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	stray := telemetry.NewPoint(flowconv.LimiterKeyUsage, checkout)
	newKind().Register(telemetry.NewScope(scopeName, rec.Options()...), observeFunc(func(o *telemetry.Observer) { o.Observe(&stray, 1) }))
	rec.RequireNoMetric("goflow.limiter.key.usage")
}

func TestGaugesOfAKindAreGauges(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	m := flowconv.Metric{Name: "test.temperature", Unit: "Cel", Instrument: flowconv.Gauge}
	p := telemetry.NewPoint(m)
	telemetry.NewKind("example.com/test", m).Register(telemetry.NewScope("example.com/test", rec.Options()...),
		observeFunc(func(o *telemetry.Observer) { o.Observe(&p, 21) }))
	if rm := rec.Collect(); len(rm.ScopeMetrics) != 1 {
		t.Fatalf("%d scopes", len(rm.ScopeMetrics))
	} else if _, ok := rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.Gauge[int64]); !ok {
		t.Errorf("data is %T", rm.ScopeMetrics[0].Metrics[0].Data)
	}
}

func TestReopenTakesBackWhatCloseKept(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	e := newEngine(newKind(), "checkout", rec.Options()...)
	e.Reopen() // it is open
	e.decisions.Store(2)
	e.Close()
	rec.RequireSum("goflow.limiter.decisions", 2, checkout)
	e.Reopen()
	e.Reopen() // idempotent
	rec.RequireSum("goflow.limiter.decisions", 2, checkout)
	rec.RequireSum("goflow.limiter.queue.size", 0, checkout)
	e.decisions.Add(3)
	rec.RequireSum("goflow.limiter.decisions", 5, checkout)
	e.Close()
	rec.RequireSum("goflow.limiter.decisions", 5, checkout)
	rec.RequireNoMetric("goflow.limiter.queue.size")
}

func TestRatiosAreObservedInMillionthsAndSecondsInNanoseconds(t *testing.T) {
	t.Parallel()
	rec := telemetrytest.New(t)
	pool := flowconv.PoolNameKey.String("images")
	busy := flowconv.Metric{Name: "goflow.test.busy.time", Unit: "s", Instrument: flowconv.Counter}
	debt := flowconv.Metric{Name: "goflow.test.debt", Unit: "s", Instrument: flowconv.UpDownCounter}
	kind := telemetry.NewKind(scopeName, flowconv.PoolWorkerUtilization, busy, debt)
	share, time, owed := telemetry.NewPoint(flowconv.PoolWorkerUtilization, pool), telemetry.NewPoint(busy), telemetry.NewPoint(debt)
	r := kind.Register(telemetry.NewScope(scopeName, rec.Options()...), observeFunc(func(o *telemetry.Observer) {
		o.Observe(&share, 250_000)
		o.Observe(&time, 1_500_000_000)
		o.Observe(&owed, -500_000_000)
	}))
	for name, want := range map[string]float64{"goflow.pool.worker.utilization": 0.25, "goflow.test.busy.time": 1.5, "goflow.test.debt": -0.5} {
		if got := rec.RequireMetric(name).Value; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	r.Close()
	if got := rec.RequireMetric("goflow.test.busy.time").Value; got != 1.5 {
		t.Errorf("after Close the counter is %v, want 1.5", got)
	}
}
