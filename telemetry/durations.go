package telemetry

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Durations is a histogram of how long an instance's operations took.
type Durations struct {
	histogram metric.Float64Histogram
	ok        []metric.RecordOption
	failed    map[string][]metric.RecordOption // by core.ErrorType; read only
}

// Durations makes the histogram of one of the Kind's metrics, under attrs and, for operations that
// fail, error.type.
func (r *Registration) Durations(m flowconv.Metric, attrs ...attribute.KeyValue) *Durations {
	d := &Durations{histogram: r.meter.histograms[m.Name], failed: make(map[string][]metric.RecordOption)}
	options := func(attrs []attribute.KeyValue) []metric.RecordOption {
		return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
	}
	d.ok = options(attrs)
	for _, class := range core.ErrorTypes() {
		d.failed[class] = options(append(slices.Clip(attrs), flowconv.ErrorTypeKey.String(class)))
	}
	return d
}

// Record notes that an operation took t and ended with err. The trace of ctx becomes the exemplar.
// It costs about 200 ns, so it is for operations of a microsecond and more.
func (d *Durations) Record(ctx context.Context, t time.Duration, err error) {
	contain(func() {
		if d.histogram == nil || !d.histogram.Enabled(ctx) {
			return
		}
		opts := d.ok
		if err != nil {
			opts = d.failed[core.ErrorType(err)]
		}
		d.histogram.Record(ctx, t.Seconds(), opts...)
	})
}

// Sizes is a histogram of how much an instance's operations had to do at a time.
type Sizes struct {
	histogram metric.Float64Histogram
	opts      []metric.RecordOption
}

// Sizes makes the histogram of one of the Kind's metrics, under attrs.
func (r *Registration) Sizes(m flowconv.Metric, attrs ...attribute.KeyValue) *Sizes {
	return &Sizes{r.meter.histograms[m.Name], []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}}
}

// Record notes that an operation had n. See [Durations.Record] for what it costs.
func (s *Sizes) Record(ctx context.Context, n int) {
	contain(func() {
		if s.histogram != nil && s.histogram.Enabled(ctx) {
			s.histogram.Record(ctx, float64(n), s.opts...)
		}
	})
}
