package telemetrytest

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Point is one data point of a metric.
type Point struct {
	Attributes attribute.Set
	Value      float64         // of a counter, an up-down counter or a gauge
	Count      uint64          // of a histogram: how many were recorded
	Sum        float64         // of a histogram: of what was recorded
	Exemplars  []trace.TraceID // the traces it shows as examples
}

// Points reads the points of a metric that have attrs.
func (r *Recorder) Points(name string, attrs ...attribute.KeyValue) []Point {
	r.t.Helper()
	var found []Point
	for _, scope := range r.Collect().ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			for _, p := range read(m.Data).points {
				if has(p.Attributes.ToSlice(), attrs) {
					found = append(found, p)
				}
			}
		}
	}
	return found
}

// reading is a metric's data without the SDK's types for each kind of number.
type reading struct {
	instrument flowconv.Instrument // 0: a kind goflow does not use
	boundaries []float64           // of a histogram
	points     []Point
}

func read(data metricdata.Aggregation) reading {
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		return reading{instrument: counterOr(d.IsMonotonic), points: values(d.DataPoints)}
	case metricdata.Sum[float64]:
		return reading{instrument: counterOr(d.IsMonotonic), points: values(d.DataPoints)}
	case metricdata.Gauge[int64]:
		return reading{instrument: flowconv.Gauge, points: values(d.DataPoints)}
	case metricdata.Gauge[float64]:
		return reading{instrument: flowconv.Gauge, points: values(d.DataPoints)}
	case metricdata.Histogram[int64]:
		return distributions(d.DataPoints)
	case metricdata.Histogram[float64]:
		return distributions(d.DataPoints)
	}
	return reading{}
}

func counterOr(monotonic bool) flowconv.Instrument {
	if monotonic {
		return flowconv.Counter
	}
	return flowconv.UpDownCounter
}

func values[N int64 | float64](in []metricdata.DataPoint[N]) []Point {
	out := make([]Point, len(in))
	for i, p := range in {
		out[i] = Point{Attributes: p.Attributes, Value: float64(p.Value), Exemplars: traces(p.Exemplars)}
	}
	return out
}

func distributions[N int64 | float64](in []metricdata.HistogramDataPoint[N]) reading {
	out := reading{instrument: flowconv.Histogram, points: make([]Point, len(in))}
	for i, p := range in {
		out.boundaries = p.Bounds
		out.points[i] = Point{Attributes: p.Attributes, Count: p.Count, Sum: float64(p.Sum), Exemplars: traces(p.Exemplars)}
	}
	return out
}

func traces[N int64 | float64](in []metricdata.Exemplar[N]) []trace.TraceID {
	var out []trace.TraceID
	for _, e := range in {
		if len(e.TraceID) == len(trace.TraceID{}) {
			out = append(out, trace.TraceID(e.TraceID))
		}
	}
	return out
}

// has reports whether all of want are in got.
func has(got, want []attribute.KeyValue) bool {
	set := attribute.NewSet(got...)
	for _, kv := range want {
		v, ok := set.Value(kv.Key)
		if !ok || v.Type() != kv.Value.Type() || v.String() != kv.Value.String() {
			return false
		}
	}
	return true
}
