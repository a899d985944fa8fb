package console_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowadmin/console"
)

// lines is the answer to api/series.
type lines struct {
	Step   int
	From   int64
	Series []line
}

type line struct {
	ID                              uint64
	Metric, Description, Unit, Type string
	Attrs                           map[string]string
	Values, Rate, P50, P95, P99     []*float64
}

// text is values as text, "-" where unknown.
func text(values []*float64) string {
	words := make([]string, len(values))
	for i, v := range values {
		if words[i] = "-"; v != nil {
			words[i] = fmt.Sprintf("%.4g", *v)
		}
	}
	return strings.Join(words, " ")
}

// clock gives the seconds one after the other to a recorder.
type clock struct {
	t   *testing.T
	r   *console.Recorder
	now time.Time
}

func newClock(t *testing.T, r *console.Recorder) *clock {
	return &clock{t, r, time.Unix(1_000_000, 0)}
}

// tick reads the metrics, and goes on.
func (c *clock) tick(on ...time.Duration) {
	c.t.Helper()
	if err := c.r.Collect(context.Background(), c.now); err != nil {
		c.t.Fatal(err)
	}
	c.now = c.now.Add(append(on, time.Second)[0])
}

func ofLimiter(name string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("goflow.limiter.name", name), attribute.String("outcome", "denied"))
}

func TestMetricsAreKeptASecondApart(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c, clock := serve(t, newConsole(t, console.Config{}, s.recorder)), newClock(t, s.recorder)
	meter := s.meters.Meter("test")
	counter, _ := meter.Int64Counter("goflow.limiter.decisions", metric.WithUnit("{decision}"), metric.WithDescription("Decisions."))
	gauge, _ := meter.Float64Gauge("goflow.limiter.fill")
	updown, _ := meter.Int64UpDownCounter("goflow.limiter.queue")
	ctx, api := t.Context(), ofLimiter("api")
	counter.Add(ctx, 7, api)
	gauge.Record(ctx, 0.5, api)
	updown.Add(ctx, 3, api)
	clock.tick()
	counter.Add(ctx, 5, api)
	updown.Add(ctx, -1, api)
	clock.tick(2500 * time.Millisecond) // two readings are missed, as far as rounding goes
	counter.Add(ctx, 10, api)
	counter.Add(ctx, 2, ofLimiter("late"))
	gauge.Record(ctx, 0.75, api)
	clock.tick()
	var got lines
	c.get("api/series?engine=limiter/api", &got)
	if len(got.Series) != 3 || got.Step != 1 || got.From != 1_000_000 {
		t.Fatalf("got %+v", got)
	}
	slices.SortFunc(got.Series, func(a, b line) int { return strings.Compare(a.Metric, b.Metric) })
	for i, want := range []string{"counter - 5 - - 4", "gauge 0.5 0.5 - - 0.75", "gauge 3 2 - - 2"} {
		if have := got.Series[i].Type + " " + text(got.Series[i].Values); have != want {
			t.Errorf("%s: got %s, want %s", got.Series[i].Metric, have, want)
		}
	}
	if d := got.Series[0]; d.Unit != "{decision}" || d.Description != "Decisions." || fmt.Sprint(d.Attrs) != "map[outcome:denied]" {
		t.Errorf("got %+v", d)
	}
	var late lines
	c.get("api/series?engine=limiter/late&seconds=2", &late)
	if len(late.Series) != 1 || text(late.Series[0].Values) != "- 0.8" || late.From != 1_000_003 {
		t.Errorf("a series that came later: got %+v, want it to have counted from 0", late)
	}
	var byID lines
	c.get(fmt.Sprintf("api/series?ids=%d,%d,x", got.Series[1].ID, late.Series[0].ID), &byID)
	if len(byID.Series) != 2 {
		t.Errorf("got %+v, want the two asked for", byID)
	}
}

// made is a reader's producer of what a test says.
type made struct{ found []metricdata.ScopeMetrics }

func (m *made) take(s *sdk, now time.Time) {
	s.recorder.Take(metricdata.ResourceMetrics{ScopeMetrics: m.found}, now)
}

func sum(name string, value int64, attrs ...attribute.KeyValue) metricdata.ScopeMetrics {
	return metricdata.ScopeMetrics{Metrics: []metricdata.Metrics{{Name: name, Data: metricdata.Sum[int64]{
		IsMonotonic: true, DataPoints: []metricdata.DataPoint[int64]{{Value: value, Attributes: attribute.NewSet(attrs...)}},
	}}}}
}

func TestCountersThatAreResetOrAwayAreUnknown(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	var m made
	now := time.Unix(1_000_000, 0)
	for _, v := range []int64{10, 15, 3, 5, -1, 7, 9} {
		m.found = []metricdata.ScopeMetrics{sum("a.b", v)}
		if v < 0 {
			m.found = nil
		}
		m.take(s, now)
		now = now.Add(time.Second)
	}
	var got lines
	c.get("api/series?engine=other/", &got)
	if len(got.Series) != 1 || text(got.Series[0].Values) != "- 5 - 2 - - 2" {
		t.Errorf("got %+v %s", got, text(got.Series[0].Values))
	}
}

func TestSeriesThatVanishGoAfterTheyAreKeptNoMore(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{MaxSeries: 1})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	var app struct {
		Kept struct {
			Series struct{ Count, Max, Dropped, Points int }
		}
	}
	now := time.Unix(1_000_000, 0)
	take := func(found ...metricdata.ScopeMetrics) {
		m := made{found}
		m.take(s, now)
		now = now.Add(time.Second)
		c.t = t
	}
	take(sum("old", 1))
	for range 10 {
		take(sum("old", 1), sum("new", 1))
	}
	if c.get("api/app", &app); app.Kept.Series.Count != 1 || app.Kept.Series.Dropped != 1 || app.Kept.Series.Points != 900 {
		t.Errorf("got %+v, want one of two", app)
	}
	for range 899 {
		take(sum("new", 1))
	}
	if c.get("api/app", &app); app.Kept.Series.Count != 1 || app.Kept.Series.Dropped != 1 {
		t.Errorf("after 899 s: got %+v, want the old one still", app)
	}
	take(sum("new", 1))
	take(sum("new", 1))
	if c.get("api/app", &app); app.Kept.Series.Count != 1 || app.Kept.Series.Dropped != 0 {
		t.Errorf("after 900 s: got %+v, want the new one", app)
	}
	var got lines
	c.get("api/series?engine=other/&seconds=1", &got)
	if len(got.Series) != 1 || got.Series[0].Metric != "new" {
		t.Errorf("got %+v, want the new one", got)
	}
	now = now.Add(24 * time.Hour)
	take(sum("new", 5))
	c.get("api/series?engine=other/", &got)
	if values := text(got.Series[0].Values); len(got.Series[0].Values) != 900 || values != strings.Repeat("- ", 899)+"4.63e-05" {
		t.Errorf("after a day: got %s, want the rate since, and nothing known of the time between", values)
	}
}

func TestSeriesBelongToEngines(t *testing.T) {
	t.Parallel()
	s := newSDK(t, console.RecorderConfig{})
	c := serve(t, newConsole(t, console.Config{}, s.recorder))
	name := func(kind string) attribute.KeyValue { return attribute.String("goflow."+kind+".name", "of "+kind) }
	other := sum("db.client.wait", 1)
	other.Scope.Name = "pool"
	m := made{[]metricdata.ScopeMetrics{
		sum("goflow.limiter.decisions", 1, name("limiter")),
		sum("goflow.coordination.leases", 1, name("limiter")),
		sum("goflow.job.runs", 1, name("job"), name("a"), name("scheduler")),
		sum("goflow.pool.tasks", 1, attribute.String("goflow.name", "x"), attribute.String("goflow.a.b.name", "x")),
		sum("http.server.request.duration", 1), sum("http.client.request.duration", 1), sum("rpc.server.duration", 1),
		sum("go.goroutine.count", 1), sum("process.cpu.time", 1), other,
	}}
	m.take(s, time.Now())
	var list []struct {
		Kind, Name string
		Series     []uint64
	}
	c.get("api/engines", &list)
	var got []string
	for _, e := range list {
		got = append(got, fmt.Sprintf("%s/%s:%d", e.Kind, e.Name, len(e.Series)))
	}
	want := "http/client:1 http/server:1 job/of job:1 limiter/of limiter:2 other/:1 other/pool:1 rpc/server:1 runtime/go:1 runtime/process:1"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestHistogramsAreTheirSecond(t *testing.T) {
	t.Parallel()
	exponential := sdkmetric.NewView(sdkmetric.Instrument{Name: "exponential"}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})
	s := newSDK(t, console.RecorderConfig{}, exponential)
	c, clock := serve(t, newConsole(t, console.Config{}, s.recorder)), newClock(t, s.recorder)
	meter := s.meters.Meter("test")
	a, _ := meter.Float64Histogram("explicit", metric.WithExplicitBucketBoundaries(10, 20, 30, 40, 50))
	b, _ := meter.Float64Histogram("exponential")
	record := func(values ...float64) {
		for _, v := range values {
			a.Record(t.Context(), v)
			b.Record(t.Context(), v)
		}
	}
	record(1000)
	clock.tick()
	for i := range 40 {
		record(float64(i) + 0.5)
	}
	clock.tick()
	clock.tick()
	record(1e-3, 1e3)
	clock.tick()
	var got lines
	c.get("api/series?engine=other/test", &got)
	if len(got.Series) != 2 {
		t.Fatalf("got %+v", got)
	}
	for _, l := range got.Series {
		if l.Type != "histogram" || text(l.Rate) != "- 40 0 2" || l.Values != nil {
			t.Errorf("%s: got %s, rate %s", l.Metric, l.Type, text(l.Rate))
		}
		if l.P50[0] != nil || l.P50[2] != nil {
			t.Errorf("%s: got a median of nothing: %s", l.Metric, text(l.P50))
		}
		near := func(got *float64, want float64) bool { return got != nil && math.Abs(*got/want-1) < 0.05 }
		if !near(l.P50[1], 20) || !near(l.P95[1], 38) || !near(l.P99[1], 39.6) {
			t.Errorf("%s: got %s, %s, %s, want 20, 38, 39.6", l.Metric, text(l.P50), text(l.P95), text(l.P99))
		}
	}
}

// quantileOf is the value of rank q*n in a list, by looking.
func quantileOf(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(math.Ceil(q*float64(len(sorted)))), len(sorted))-1]
}

func TestQuantilesLieInTheBucketTheReferenceLiesIn(t *testing.T) {
	t.Parallel()
	bounds := []float64{-5, 0, 1, 2, 5, 10, 100}
	bucketOf := func(v float64) int { i, _ := slices.BinarySearch(bounds, v); return i }
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(-10, 200), rapid.SampledFrom(bounds))
		earlier, values := rapid.SliceOf(value).Draw(t, "earlier"), rapid.SliceOfN(value, 1, 50).Draw(t, "values")
		before, now := make([]uint64, len(bounds)+1), make([]uint64, len(bounds)+1)
		for _, v := range earlier {
			before[bucketOf(v)]++
			now[bucketOf(v)]++
		}
		for _, v := range values {
			now[bucketOf(v)]++
		}
		q := rapid.SampledFrom([]float64{0.5, 0.95, 0.99}).Draw(t, "q")
		got, reference := console.ExplicitQuantile(bounds, before, now, q), quantileOf(values, q)
		i := bucketOf(reference)
		low, high := math.Inf(-1), math.Inf(1)
		if i > 0 {
			low = bounds[i-1]
		}
		if i < len(bounds) {
			high = bounds[i]
		}
		if !(got >= low && got <= high) {
			t.Fatalf("got %v, want it in %v to %v, where %v lies", got, low, high, reference)
		}
	})
}

func TestExponentialQuantilesAreCloseWhateverTheScale(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	view := sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})
	for range 50 {
		reader := sdkmetric.NewManualReader()
		h, _ := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(view)).Meter("test").Float64Histogram("h")
		read := func() metricdata.ExponentialHistogramDataPoint[float64] {
			var rm metricdata.ResourceMetrics
			if err := reader.Collect(context.Background(), &rm); err != nil {
				t.Fatal(err)
			}
			return rm.ScopeMetrics[0].Metrics[0].Data.(metricdata.ExponentialHistogram[float64]).DataPoints[0]
		}
		for range 100 {
			h.Record(context.Background(), 1+rng.Float64())
		}
		before := read()
		values := make([]float64, 1+rng.IntN(500))
		spread := math.Pow(10, 4*rng.Float64()) // the scale changes in between
		for i := range values {
			values[i] = math.Exp(rng.NormFloat64()) * spread
			h.Record(context.Background(), values[i])
		}
		now := read()
		for _, q := range []float64{0.5, 0.95, 0.99} {
			got, want := console.ExponentialQuantile(before, now, q), quantileOf(values, q)
			width := math.Exp2(math.Exp2(-float64(now.Scale)))
			if got > want*width*1.0001 || got < want/width/1.0001 {
				t.Errorf("scale %d to %d, q %v: got %v, want %v within a factor of %v", before.Scale, now.Scale, q, got, want, width)
			}
		}
	}
}
