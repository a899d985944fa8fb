package writer

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/streams/writer"

// writers is the kind all writers are.
var writers = telemetry.NewKind(scopeName,
	flowconv.WriterWrites, flowconv.WriterIo,
	flowconv.WriterBufferUsage, flowconv.WriterBufferCapacity, flowconv.WriterFlushDuration)

// instrument is a writer's telemetry.
type instrument struct {
	name    string
	scope   *telemetry.Scope
	reader  *telemetry.Registration
	metrics points
	flushes *telemetry.Durations
}

func newInstrument(name string, o options) instrument {
	i := instrument{name: name, scope: telemetry.NewScope(scopeName, o.telemetry...)}
	i.metrics = i.newPoints()
	return i
}

// start lets w be read.
func (i *instrument) start(w *Writer) {
	i.reader = writers.Register(i.scope, (*reading)(w))
	i.flushes = i.reader.Durations(flowconv.WriterFlushDuration, flowconv.WriterNameKey.String(i.name))
}

func (i *instrument) stop() { i.reader.Close() }

// flushed notes how long the sink took.
func (i *instrument) flushed(ctx context.Context, start int64, err error) {
	i.flushes.Record(ctx, time.Duration(clock.Now()-start), err)
}

// failed tells that the sink has begun to fail.
func (i *instrument) failed(ctx context.Context, err error) {
	i.scope.Event(ctx, log.SeverityError, flowconv.EventWriterStateChange,
		fmt.Sprintf("writer %q: its sink fails: %v", i.name, err),
		flowconv.WriterNameKey.String(i.name),
		flowconv.WriterStateKey.String(flowconv.WriterStateFailing),
		flowconv.ErrorTypeKey.String(core.ErrorType(err)))
}

// recovered tells that the sink takes writes again.
func (i *instrument) recovered(ctx context.Context) {
	i.scope.Event(ctx, log.SeverityInfo, flowconv.EventWriterStateChange,
		fmt.Sprintf("writer %q: its sink takes writes again", i.name),
		flowconv.WriterNameKey.String(i.name),
		flowconv.WriterStateKey.String(flowconv.WriterStateRecovered))
}
