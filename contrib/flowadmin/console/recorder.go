package console

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/core"
)

// Recorder keeps what the process says of itself: the latest spans, log records and values of metrics.
// It is made before the OpenTelemetry SDK, which is given [Recorder.SpanProcessor],
// [Recorder.LogProcessor] and [Recorder.Reader], and read by a [Console]. What it keeps outlives the
// shutdown of the SDK. It is safe for concurrent use.
type Recorder struct {
	cfg     RecorderConfig
	started time.Time

	spans    *ring
	logs     *ring
	pinned   *ring // the spans of traces whose root is one of pinnedNames
	thinning thinning
	pins     pins
	scratch  sync.Pool // of *[]byte

	seenSpans, seenLogs atomic.Uint64

	reader *sdkmetric.ManualReader
	series *series

	collecting sync.Mutex // held by collect, around found
	found      metricdata.ResourceMetrics
}

// NewRecorder makes a recorder.
func NewRecorder(cfg RecorderConfig) (*Recorder, error) {
	if err := core.Configure("console", "recorder", cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	r := &Recorder{
		cfg:     cfg,
		started: time.Now(),
		spans:   newRing(cfg.MaxSpanBytes),
		logs:    newRing(cfg.MaxLogBytes),
		pinned:  newRing(pinnedBytes),
		reader:  sdkmetric.NewManualReader(),
		series:  newSeries(cfg.MaxSeries),
	}
	r.pinned.forever = true
	r.thinning.maxBytes = cfg.MaxSpanBytes
	r.scratch.New = func() any { return new([]byte) }
	return r, nil
}

// SpanProcessor is what the SDK tells of spans: see otelsdk.WithSpanProcessor.
func (r *Recorder) SpanProcessor() sdktrace.SpanProcessor { return spanProcessor{r} }

// LogProcessor is what the SDK tells of log records: see otelsdk.WithLogProcessor.
func (r *Recorder) LogProcessor() sdklog.Processor { return logProcessor{r} }

// Reader is where metrics are read: see otelsdk.WithReader. A console reads it each second.
func (r *Recorder) Reader() sdkmetric.Reader { return r.reader }

// spanProcessor is a Recorder in the eyes of the SDK. Shutdown keeps what there is.
type spanProcessor struct{ r *Recorder }

func (spanProcessor) Shutdown(context.Context) error   { return nil }
func (spanProcessor) ForceFlush(context.Context) error { return nil }

// OnStart pins the traces of the application's start and stop, before their spans end.
func (p spanProcessor) OnStart(_ context.Context, s sdktrace.ReadWriteSpan) {
	if !s.Parent().IsValid() && slices.Contains(pinnedNames[:], s.Name()) {
		p.r.pins.add(s.SpanContext().TraceID())
	}
}

// OnEnd keeps a span, unless its trace is left out.
func (p spanProcessor) OnEnd(s sdktrace.ReadOnlySpan) {
	r := p.r
	r.seenSpans.Add(1)
	id := s.SpanContext().TraceID()
	pinned := r.pins.has(id)
	if !pinned && !r.thinning.keeps(id) {
		return
	}
	b, _ := r.scratch.Get().(*[]byte)
	*b = appendSpan((*b)[:0], s)
	now := time.Now().UnixNano()
	if !pinned || !r.pins.room() || !r.pinned.add(*b, now) {
		r.spans.add(*b, now)
		r.thinning.kept(lengthBytes+len(*b), now)
	}
	r.scratch.Put(b)
}

// logProcessor is a Recorder in the eyes of the SDK. Shutdown keeps what there is.
type logProcessor struct{ r *Recorder }

func (logProcessor) Shutdown(context.Context) error                         { return nil }
func (logProcessor) ForceFlush(context.Context) error                       { return nil }
func (logProcessor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

// OnEmit keeps a record.
func (p logProcessor) OnEmit(_ context.Context, l *sdklog.Record) error {
	r := p.r
	r.seenLogs.Add(1)
	b, _ := r.scratch.Get().(*[]byte)
	*b = appendLog((*b)[:0], l)
	r.logs.add(*b, time.Now().UnixNano())
	r.scratch.Put(b)
	return nil
}

// The names of the root spans whose traces are kept for good.
const (
	startName = "app start"
	stopName  = "app stop"
)

var pinnedNames = [...]string{startName, stopName}

const (
	pinnedBytes = 2 << 20
	pinnedSpans = 2000
	maxPins     = 8
)

// pins are the traces that are kept for good.
type pins struct {
	ids   atomic.Pointer[[]trace.TraceID] // replaced, never changed in place
	spans atomic.Int64
}

func (p *pins) add(id trace.TraceID) {
	for {
		old := p.ids.Load()
		var ids []trace.TraceID
		if old != nil {
			ids = *old
		}
		if len(ids) == maxPins {
			return
		}
		ids = append(slices.Clip(ids), id)
		if p.ids.CompareAndSwap(old, &ids) {
			return
		}
	}
}

func (p *pins) has(id trace.TraceID) bool {
	ids := p.ids.Load()
	return ids != nil && slices.Contains(*ids, id)
}

// room counts a span, and reports whether there is room for it.
func (p *pins) room() bool { return p.spans.Add(1) <= pinnedSpans }

// list is the pinned traces, the latest first.
func (p *pins) list() []trace.TraceID {
	ids := p.ids.Load()
	if ids == nil {
		return nil
	}
	list := slices.Clone(*ids)
	slices.Reverse(list)
	return list
}

// allSpans gives the spans that are kept, the latest first, those of pinned traces last.
func (r *Recorder) allSpans() view { return append(r.pinned.view(), r.spans.view()...) }

// collect reads the metrics.
func (r *Recorder) collect(ctx context.Context, now time.Time) error {
	r.collecting.Lock()
	defer r.collecting.Unlock()
	r.thinning.kept(0, now.UnixNano())
	err := core.Try(ctx, func(ctx context.Context) error { return r.reader.Collect(ctx, &r.found) })
	if err != nil {
		return err
	}
	r.series.take(&r.found, now)
	return nil
}

// gone reports whether metrics could not be read because there are none: no SDK has the reader yet, or it
// has been shut down, or the console was stopped.
func gone(err error) bool {
	return errors.Is(err, sdkmetric.ErrReaderNotRegistered) || errors.Is(err, sdkmetric.ErrReaderShutdown) || errors.Is(err, context.Canceled)
}
