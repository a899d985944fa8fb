package console

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
)

// Collect reads the metrics as if it were an instant.
func (r *Recorder) Collect(ctx context.Context, now time.Time) error { return r.collect(ctx, now) }

// OneIn is how many traces there are for each that is kept.
func (r *Recorder) OneIn() int { return r.thinning.oneIn() }

// Bytes is what spans, pinned spans and logs take.
func (r *Recorder) Bytes() (spans, pinned, logs int) {
	return r.spans.held(), r.pinned.held(), r.logs.held()
}

// held is the memory of a ring's chunks.
func (r *ring) held() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.chunks) * r.chunkSize
}

// Ring is a ring.
type Ring struct{ *ring }

// NewRing makes a ring.
func NewRing(maxBytes int, forever bool) Ring {
	r := newRing(maxBytes)
	r.forever = forever
	return Ring{r}
}

// Add adds a record.
func (r Ring) Add(record []byte, at int64) bool { return r.add(record, at) }

// Held is the memory of the ring's chunks.
func (r Ring) Held() int { return r.held() }

// Count is how many records there are.
func (r Ring) Count() int { return r.stats().count }

// Newest is all there is, the latest first.
func (r Ring) Newest() [][]byte {
	var all [][]byte
	for record := range r.view().newest() {
		all = append(all, record)
	}
	return all
}

// MaxRecord is the size of the largest record.
const MaxRecord = maxRecord

// ExplicitQuantile is a quantile of what a histogram with explicit boundaries has counted since.
func ExplicitQuantile(bounds []float64, before, now []uint64, q float64) float64 {
	return float64(explicitBuckets(bounds, now).since(explicitBuckets(bounds, before)).quantile(q))
}

// ExponentialQuantile is a quantile of what an exponential histogram has counted since.
func ExponentialQuantile(before, now metricdata.ExponentialHistogramDataPoint[float64], q float64) float64 {
	buckets := func(p *metricdata.ExponentialHistogramDataPoint[float64]) distribution {
		return exponentialBuckets(p.Scale, p.ZeroCount, p.ZeroThreshold, &p.PositiveBucket, &p.NegativeBucket)
	}
	return float64(buckets(&now).since(buckets(&before)).quantile(q))
}

// Whole reports whether a recorder kept all of a trace.
func (r *Recorder) Whole(id trace.TraceID) bool {
	for _, g := range r.groups() {
		if g.id == id {
			return true
		}
	}
	return false
}

// Environment shows variables.
func Environment(environ ...string) string {
	text := ""
	for _, f := range environment(environ) {
		text += f.Name + "=" + f.Value + "\n"
	}
	return text
}

// ParseGoroutines reads a profile.
var ParseGoroutines = parseGoroutines

// SpanCounts is how many spans each trace has that is listed and began after the oldest span that is kept.
func (r *Recorder) SpanCounts() []int {
	var counts []int
	for _, g := range r.groups() {
		if g.start > r.spans.stats().oldest {
			counts = append(counts, len(g.spans))
		}
	}
	return counts
}

// Take takes in metrics as if a reader had found them.
func (r *Recorder) Take(found metricdata.ResourceMetrics, now time.Time) { r.series.take(&found, now) }

// Listeners is how many are told live.
func (c *Console) Listeners() int {
	c.live.mu.Lock()
	defer c.live.mu.Unlock()
	return len(c.live.frames)
}

// Tell tells everyone the last tick.
func (c *Console) Tell() { c.tell() }

// ContentType is what a file is by its name.
var ContentType = contentType
