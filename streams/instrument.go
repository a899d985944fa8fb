package streams

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/streams"

// kind is the kind all runs of streams are.
var kind = telemetry.NewKind(scopeName,
	flowconv.StreamItems, flowconv.StreamBufferSize, flowconv.StreamBufferCapacity, flowconv.StreamBlockedTime,
	flowconv.StreamIdleTime, flowconv.StreamBusyTime, flowconv.StreamBatchSize, flowconv.StreamBatchDuration,
	flowconv.StreamWatermarkDelay,
)

// The verbs of spans: of a run, and of a step's function.
const (
	spanRun     = "run "
	spanProcess = "process "
)

// instrument is the telemetry of one run. A stream without a name counts, and nobody reads it.
type instrument struct {
	name   string
	scope  *telemetry.Scope
	reader *telemetry.Registration
	items  int64 // that came to the end; of the goroutine that runs the stream

	mu     sync.Mutex
	stages []*stage
}

func newInstrument(t trait) *instrument {
	i := &instrument{name: t.name}
	if t.name != "" {
		i.scope = telemetry.NewScope(scopeName, t.telemetry...)
	}
	return i
}

// begin lets the run be read, and starts its span. What finish is given becomes the span's status.
func (i *instrument) begin(ctx context.Context) (c context.Context, finish func(error)) {
	if i.name == "" {
		return ctx, func(error) {}
	}
	name := flowconv.StreamNameKey.String(i.name)
	ctx, span := i.scope.Start(ctx, spanRun+i.name, name)
	i.reader = kind.Register(i.scope, i)
	return ctx, func(err error) {
		i.reader.Close()
		span.Set(flowconv.StreamItemsKey.Int64(i.items))
		span.End(err)
	}
}

// stage adds a step.
func (i *instrument) stage(name string) *stage {
	s := &stage{name: name, stream: i.name}
	if i.name == "" {
		return s
	}
	s.points = newPoints(i.name, name)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stages = append(i.stages, s)
	return s
}

// Observe reports the counts of all steps.
func (i *instrument) Observe(o *telemetry.Observer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, s := range i.stages {
		s.observe(o)
	}
}

// stage is one step of one run: its name, and what it counts. Counts are added to once per chunk.
type stage struct {
	name   string
	stream string
	points *points // nil for a stream without a name
	held   *holder // of the goroutine that hands on; nil for a step that does not

	emitted  atomic.Int64 // items handed on
	filtered atomic.Int64 // items left out on purpose
	failed   atomic.Int64 // items whose function failed, whatever was done about it
	dropped  atomic.Int64 // items lost because a buffer was full
	late     atomic.Int64 // items that came after their window
	blocked  atomic.Int64 // ns those above waited for room
	idle     atomic.Int64 // ns it waited for items
	busy     atomic.Int64 // ns its workers worked
	apart    atomic.Bool  // those above, or workers, have goroutines of their own
	crew     atomic.Bool  // it has workers
	depth    atomic.Int64 // items in the buffer
	capacity atomic.Int64 // what it has room for; 0 for a step without
	mark     atomic.Int64 // its watermark, in ns since 1970; 0 for a step without
}

// waits begins to measure a wait, unless n things are there already: who need not wait reads no clock.
func (s *stage) waits(n int) int64 {
	if n > 0 || s == nil || s.points == nil {
		return 0
	}
	return clock.Now()
}

// waited adds what passed since waits to one of the step's times.
func (s *stage) waited(began int64, to *atomic.Int64) {
	if began != 0 {
		to.Add(clock.Now() - began)
	}
}

// handsOver says that the step takes items from another goroutine.
func (s *stage) handsOver() { s.apart.Store(true) }

// fail says that the step ended the run.
func (s *stage) fail(err error) error {
	var inner *StageError
	if errors.As(err, &inner) && inner.Stream == s.stream && inner.Stage == s.name {
		return err
	}
	return &StageError{Stream: s.stream, Stage: s.name, Err: err}
}

// points are where the counts of a step are reported.
type points struct {
	emitted, filtered, failed, dropped, late, blocked, idle, busy, size, capacity, delay telemetry.Point
}

func newPoints(stream, stage string) *points {
	attrs := func(more ...attribute.KeyValue) []attribute.KeyValue {
		return append([]attribute.KeyValue{
			flowconv.StreamNameKey.String(stream), flowconv.StreamStageKey.String(stage),
		}, more...)
	}
	items := func(outcome string) telemetry.Point {
		return telemetry.NewPoint(flowconv.StreamItems, attrs(flowconv.StreamOutcomeKey.String(outcome))...)
	}
	return &points{
		emitted:  items(flowconv.StreamOutcomeEmitted),
		filtered: items(flowconv.StreamOutcomeFiltered),
		failed:   items(flowconv.StreamOutcomeFailed),
		dropped:  items(flowconv.StreamOutcomeDropped),
		late:     items(flowconv.StreamOutcomeLate),
		blocked:  telemetry.NewPoint(flowconv.StreamBlockedTime, attrs()...),
		idle:     telemetry.NewPoint(flowconv.StreamIdleTime, attrs()...),
		busy:     telemetry.NewPoint(flowconv.StreamBusyTime, attrs()...),
		size:     telemetry.NewPoint(flowconv.StreamBufferSize, attrs()...),
		capacity: telemetry.NewPoint(flowconv.StreamBufferCapacity, attrs()...),
		delay:    telemetry.NewPoint(flowconv.StreamWatermarkDelay, attrs()...),
	}
}

func (s *stage) observe(o *telemetry.Observer) {
	o.Observe(&s.points.emitted, s.emitted.Load())
	o.Observe(&s.points.filtered, s.filtered.Load())
	o.Observe(&s.points.failed, s.failed.Load())
	o.Observe(&s.points.dropped, s.dropped.Load())
	o.Observe(&s.points.late, s.late.Load())
	if c := s.capacity.Load(); c > 0 {
		o.Observe(&s.points.size, s.depth.Load())
		o.Observe(&s.points.capacity, c)
	}
	if s.apart.Load() {
		o.Observe(&s.points.blocked, s.blocked.Load())
		o.Observe(&s.points.idle, s.idle.Load())
	}
	if s.crew.Load() {
		o.Observe(&s.points.busy, s.busy.Load())
	}
	if mark := s.mark.Load(); mark != 0 {
		o.Observe(&s.points.delay, time.Now().UnixNano()-mark)
	}
}

// invalid is the error of a stream that was made wrong.
func invalid(t trait) error {
	name := t.name
	if name == "" {
		name = "stream"
	}
	return &core.ConfigError{Package: pkg, Instance: name, Err: t.fault}
}
