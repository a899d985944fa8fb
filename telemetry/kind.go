package telemetry

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Point is one observable metric together with the attributes an instance reports it under.
type Point struct {
	metric string
	set    attribute.Set
	opts   []metric.ObserveOption // made once: an option passed loose would allocate each time
	total  bool                   // only grows, so it is kept when the instance closes
}

// NewPoint fixes the attributes of a metric. They must be few values from closed sets: the
// instance's name, an algorithm, an outcome.
func NewPoint(m flowconv.Metric, attrs ...attribute.KeyValue) Point {
	set := attribute.NewSet(attrs...)
	return newPoint(m.Name, set, m.Instrument == flowconv.Counter)
}

func newPoint(name string, set attribute.Set, total bool) Point {
	return Point{metric: name, set: set, opts: []metric.ObserveOption{metric.WithAttributeSet(set)}, total: total}
}

// Instance is something whose numbers are read when a reader collects. Observe reports all of them,
// from birth on, and is safe for concurrent use with the instance's operations. It does not block.
type Instance interface{ Observe(o *Observer) }

// Observer takes what an [Instance] reports.
type Observer struct{ readings []reading }

// reading is the value of a point.
type reading struct {
	point *Point
	value int64
}

// Observe reports a value: of a metric in seconds in nanoseconds, of a ratio (unit 1) in millionths, of
// any other as it is. Values of the same metric and attributes from several instances add up.
func (o *Observer) Observe(p *Point, v int64) { o.readings = append(o.readings, reading{p, v}) }

// Kind is one sort of engine. It is declared once, as a package variable, makes its instruments
// once per MeterProvider, and reads all its instances through one callback there.
type Kind struct {
	scope   string
	metrics []flowconv.Metric

	mu     sync.Mutex
	meters map[metric.MeterProvider]*meter
}

// NewKind makes the Kind of a package's engine out of all its metrics.
func NewKind(scope string, metrics ...flowconv.Metric) *Kind {
	return &Kind{scope: scope, metrics: metrics, meters: make(map[metric.MeterProvider]*meter)}
}

// Register lets in be read by the readers of s's MeterProvider, until Close.
func (k *Kind) Register(s *Scope, in Instance) *Registration {
	m := k.meter(s)
	r := &Registration{meter: m, in: in}
	m.mu.Lock()
	m.live = append(slices.Clone(m.live), r)
	m.mu.Unlock()
	return r
}

// meter finds or makes the Kind's half of a MeterProvider.
func (k *Kind) meter(s *Scope) *meter {
	k.mu.Lock()
	defer k.mu.Unlock()
	shared := reflect.ValueOf(s.meters).Comparable()
	if shared {
		if m := k.meters[s.meters]; m != nil {
			return m
		}
	}
	m := newMeter(s, k.metrics)
	if shared {
		k.meters[s.meters] = m
	}
	return m
}

// meter is a Kind at one MeterProvider.
type meter struct {
	observables map[string]metric.Int64Observable
	fractions   map[string]fraction
	histograms  map[string]metric.Float64Histogram

	mu      sync.Mutex
	live    []*Registration // replaced, never changed in place
	retired totals
}

// fraction is a metric whose unit is larger than the integers it is observed in.
type fraction struct {
	in  metric.Float64Observable
	per float64 // how many of the observed make one of the unit
}

// perUnit is how many of what is observed make one of a unit, 1 for all but those of [Observer.Observe].
func perUnit(unit string) float64 {
	switch unit {
	case "s":
		return 1e9
	case "1":
		return 1e6
	}
	return 1
}

func newMeter(s *Scope, metrics []flowconv.Metric) *meter {
	m := &meter{
		observables: make(map[string]metric.Int64Observable),
		fractions:   make(map[string]fraction),
		histograms:  make(map[string]metric.Float64Histogram),
	}
	contain(func() {
		otm := s.meters.Meter(s.name, metric.WithInstrumentationVersion(s.version))
		var all []metric.Observable
		for _, d := range metrics {
			if err := m.instrument(otm, d); err != nil {
				otel.Handle(fmt.Errorf("telemetry: %s: %w", d.Name, err))
			}
			if o := m.observables[d.Name]; o != nil {
				all = append(all, o)
			}
			if f := m.fractions[d.Name]; f.in != nil {
				all = append(all, f.in)
			}
		}
		if _, err := otm.RegisterCallback(m.collect, all...); err != nil {
			otel.Handle(fmt.Errorf("telemetry: %s: %w", s.name, err))
		}
	})
	return m
}

func (m *meter) instrument(otm metric.Meter, d flowconv.Metric) (err error) {
	unit, desc := metric.WithUnit(d.Unit), metric.WithDescription(d.Description)
	if d.Instrument != flowconv.Histogram && perUnit(d.Unit) != 1 {
		return m.fraction(otm, d, unit, desc)
	}
	var o metric.Int64Observable
	switch d.Instrument {
	case flowconv.Counter:
		o, err = otm.Int64ObservableCounter(d.Name, unit, desc)
	case flowconv.UpDownCounter:
		o, err = otm.Int64ObservableUpDownCounter(d.Name, unit, desc)
	case flowconv.Gauge:
		o, err = otm.Int64ObservableGauge(d.Name, unit, desc)
	case flowconv.Histogram:
		m.histograms[d.Name], err = otm.Float64Histogram(d.Name, unit, desc,
			metric.WithExplicitBucketBoundaries(d.Boundaries...))
		return err
	}
	m.observables[d.Name] = o
	return err
}

// fraction makes the instrument of a metric in seconds or of a ratio.
func (m *meter) fraction(otm metric.Meter, d flowconv.Metric, unit, desc metric.InstrumentOption) (err error) {
	f := fraction{per: perUnit(d.Unit)}
	switch d.Instrument {
	case flowconv.Counter:
		f.in, err = otm.Float64ObservableCounter(d.Name, unit, desc)
	case flowconv.UpDownCounter:
		f.in, err = otm.Float64ObservableUpDownCounter(d.Name, unit, desc)
	default:
		f.in, err = otm.Float64ObservableGauge(d.Name, unit, desc)
	}
	m.fractions[d.Name] = f
	return err
}

// collect is the one callback. It works on a snapshot, and holds no lock while it hands values over,
// so a reader that blocks holds up no one who registers or closes.
func (m *meter) collect(_ context.Context, to metric.Observer) error {
	m.mu.Lock()
	live, o := m.live, Observer{m.retired.snapshot()}
	m.mu.Unlock()
	for _, r := range live {
		r.read(&o)
	}
	for _, v := range o.readings {
		if in := m.observables[v.point.metric]; in != nil {
			to.ObserveInt64(in, v.value, v.point.opts...)
		} else if f := m.fractions[v.point.metric]; f.in != nil {
			to.ObserveFloat64(f.in, float64(v.value)/f.per, v.point.opts...)
		}
	}
	return nil
}

// Registration is an [Instance] that is being read.
type Registration struct {
	meter *meter
	in    Instance

	mu     sync.Mutex
	closed bool
	final  []reading // the counters at Close
}

// read adds the instance's values to o. A collection whose snapshot is older than Close gets what
// Close kept and nothing newer: otherwise it would report counts that the next one does not have.
func (r *Registration) read(o *Observer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		o.readings = append(o.readings, r.final...)
		return
	}
	r.in.Observe(o)
}

// Close ends the reading: gauges vanish with the next collection, counters are kept in the Kind's
// totals. What the instance counts afterwards is not reported. Close is idempotent.
func (r *Registration) Close() {
	m := r.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.Index(m.live, r)
	if i < 0 {
		return
	}
	m.live = slices.Delete(slices.Clone(m.live), i, i+1)
	for _, v := range r.close() {
		m.retired.add(v.point, v.value)
	}
}

// Reopen takes the reading up again after Close, for a service that is started anew: its gauges are
// back, and what Close kept of its counters is the instance's own again. It is idempotent.
func (r *Registration) Reopen() {
	m := r.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Contains(m.live, r) {
		return
	}
	for _, v := range r.reopen() {
		m.retired.add(v.point, -v.value)
	}
	m.live = append(slices.Clone(m.live), r)
}

func (r *Registration) reopen() []reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = false
	return r.final
}

// close makes the last reading and keeps its counters.
func (r *Registration) close() []reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	var o Observer
	r.in.Observe(&o)
	r.closed = true
	r.final = slices.DeleteFunc(o.readings, func(v reading) bool { return !v.point.total })
	return r.final
}
