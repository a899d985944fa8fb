package console

import (
	"math"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
)

// series are the metrics of the last 15 minutes, one value a second.
type series struct {
	most int // rows

	mu      sync.RWMutex
	res     *resource.Resource // nil before the first reading
	base    time.Time          // of tick 0
	tick    int64              // the last one; -1 before the first
	last    time.Time          // when it was
	lines   map[lineKey]*line
	rows    int    // in use
	nextID  uint64 // of the next line
	changes uint64 // of which lines there are
	dropped int    // lines the last reading had no room for
	full    bool   // the reading before had no room for some
}

// lineKey tells lines apart.
type lineKey struct {
	scope, version, metric string
	attrs                  attribute.Distinct
}

// line is one metric with one set of attributes.
type line struct {
	id           uint64
	engine       engineKey
	metric       string
	text, unit   string
	typ          string            // "counter", "gauge" or "histogram"
	attrs        map[string]string // without the engine's name
	values       [][retention]float32
	seen         int64 // the tick it was last in a reading
	counted      bool  // before is what it counted then
	before       float64
	distribution distribution
}

// The rows of a histogram.
const (
	rowRate = iota
	rowP50
	rowP95
	rowP99
	histogramRows
)

// The types of a line.
const (
	typeCounter   = "counter"
	typeGauge     = "gauge"
	typeHistogram = "histogram"
)

var unknown = float32(math.NaN())

func newSeries(most int) *series {
	return &series{most: most, tick: -1, lines: make(map[lineKey]*line)}
}

// reading is one taking-in of all metrics; its maker holds series.mu.
type reading struct {
	*series
	elapsed float64 // seconds since the last one
	before  int64   // the tick of the last one; -1 at the first
}

// take takes in what a reader found at an instant.
func (s *series) take(found *metricdata.ResourceMetrics, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.res = found.Resource
	r := &reading{series: s, elapsed: now.Sub(s.last).Seconds(), before: s.tick}
	s.advance(now)
	for i := range found.ScopeMetrics {
		scope := &found.ScopeMetrics[i]
		for j := range scope.Metrics {
			r.metric(&scope.Scope, &scope.Metrics[j])
		}
	}
	s.evict()
}

// advance goes to the tick of an instant. The ticks that were missed are unknown, and so is the new one
// until a reading says otherwise.
func (s *series) advance(now time.Time) {
	if s.tick < 0 {
		s.base, s.tick, s.last = now, 0, now
		return
	}
	to := max(int64(now.Sub(s.base).Round(step)/step), s.tick+1)
	for from := max(s.tick+1, to-retention+1); from <= to; from++ {
		for _, l := range s.lines {
			l.set(from, unknown, unknown, unknown, unknown)
		}
	}
	s.tick, s.last = to, now
	s.full, s.dropped = s.dropped > 0, 0
}

// evict lets lines go that have said nothing for as long as they are kept.
func (s *series) evict() {
	for key, l := range s.lines {
		if s.tick-l.seen >= retention {
			delete(s.lines, key)
			s.rows -= len(l.values)
			s.changes++
		}
	}
}

// set writes the values of a tick.
func (l *line) set(tick int64, values ...float32) {
	for i := range l.values {
		l.values[i][tick%retention] = values[i]
	}
}

// metric takes in a metric.
func (r *reading) metric(scope *instrumentation.Scope, m *metricdata.Metrics) {
	switch d := m.Data.(type) {
	case metricdata.Gauge[int64]:
		numbers(r, scope, m, d.DataPoints, false)
	case metricdata.Gauge[float64]:
		numbers(r, scope, m, d.DataPoints, false)
	case metricdata.Sum[int64]:
		numbers(r, scope, m, d.DataPoints, d.IsMonotonic)
	case metricdata.Sum[float64]:
		numbers(r, scope, m, d.DataPoints, d.IsMonotonic)
	case metricdata.Histogram[int64]:
		explicit(r, scope, m, d.DataPoints)
	case metricdata.Histogram[float64]:
		explicit(r, scope, m, d.DataPoints)
	case metricdata.ExponentialHistogram[int64]:
		exponential(r, scope, m, d.DataPoints)
	case metricdata.ExponentialHistogram[float64]:
		exponential(r, scope, m, d.DataPoints)
	}
}

// numbers takes in the points of a gauge or a sum.
func numbers[N int64 | float64](r *reading, scope *instrumentation.Scope, m *metricdata.Metrics, points []metricdata.DataPoint[N], counts bool) {
	typ := typeGauge
	if counts {
		typ = typeCounter
	}
	for i := range points {
		l := r.line(scope, m, &points[i].Attributes, typ)
		switch value := float64(points[i].Value); {
		case l == nil:
		case counts:
			l.set(r.tick, l.rate(value, r))
		default:
			l.set(r.tick, float32(value))
		}
	}
}

// rate is how much a counter has grown in a second. It is unknown after a reset, and after readings
// that did not have it.
func (l *line) rate(value float64, r *reading) float32 {
	grown, known := value-l.before, l.counted
	l.before, l.counted = value, true
	if !known || grown < 0 || r.elapsed <= 0 {
		return unknown
	}
	return float32(grown / r.elapsed)
}

// explicit takes in the points of a histogram with explicit boundaries.
func explicit[N int64 | float64](r *reading, scope *instrumentation.Scope, m *metricdata.Metrics, points []metricdata.HistogramDataPoint[N]) {
	for i := range points {
		p := &points[i]
		if l := r.line(scope, m, &p.Attributes, typeHistogram); l != nil {
			l.distribute(r, p.Count, explicitBuckets(p.Bounds, p.BucketCounts))
		}
	}
}

// exponential takes in the points of an exponential histogram.
func exponential[N int64 | float64](r *reading, scope *instrumentation.Scope, m *metricdata.Metrics, points []metricdata.ExponentialHistogramDataPoint[N]) {
	for i := range points {
		p := &points[i]
		if l := r.line(scope, m, &p.Attributes, typeHistogram); l != nil {
			l.distribute(r, p.Count, exponentialBuckets(p.Scale, p.ZeroCount, p.ZeroThreshold, &p.PositiveBucket, &p.NegativeBucket))
		}
	}
}

// distribute notes what a histogram has recorded since the last reading.
func (l *line) distribute(r *reading, count uint64, now distribution) {
	rate := l.rate(float64(count), r)
	if math.IsNaN(float64(rate)) {
		l.distribution = now
		return // as advance has set it
	}
	since := now.since(l.distribution)
	l.distribution = now
	l.set(r.tick, rate, since.quantile(0.5), since.quantile(0.95), since.quantile(0.99))
}

// line finds or makes the line of a point; nil when there is no room for it.
func (r *reading) line(scope *instrumentation.Scope, m *metricdata.Metrics, attrs *attribute.Set, typ string) *line {
	key := lineKey{scope.Name, scope.Version, m.Name, attrs.Equivalent()}
	l := r.lines[key]
	if l == nil {
		if l = r.add(scope, m, attrs, typ); l == nil {
			r.dropped++
			return nil
		}
		r.lines[key] = l
	}
	if l.seen < r.before { // it was away
		l.counted = false
	}
	l.seen = r.tick
	return l
}

// add makes a line, unless there is no room. What comes after the first reading has counted from 0,
// unless it was there before and had no room.
func (r *reading) add(scope *instrumentation.Scope, m *metricdata.Metrics, attrs *attribute.Set, typ string) *line {
	rows := 1
	if typ == typeHistogram {
		rows = histogramRows
	}
	if r.rows+rows > r.most {
		return nil
	}
	r.rows += rows
	r.nextID++
	r.changes++
	l := &line{
		id: r.nextID, metric: m.Name, text: m.Description, unit: m.Unit, typ: typ,
		values: make([][retention]float32, rows), seen: r.tick, counted: r.before >= 0 && !r.full,
	}
	for i := range l.values {
		for j := range l.values[i] {
			l.values[i][j] = unknown
		}
	}
	l.engine, l.attrs = engineOf(scope.Name, m.Name, attrs)
	return l
}
