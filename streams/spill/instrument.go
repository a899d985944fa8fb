package spill

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/streams/spill"

// queues is the kind all queues are.
var queues = telemetry.NewKind(scopeName,
	flowconv.SpillRecords, flowconv.SpillDamage,
	flowconv.SpillRecordPending, flowconv.SpillRecordAge,
	flowconv.SpillSize, flowconv.SpillCapacity,
	flowconv.SpillSyncDuration,
)

// The verbs of spans.
const (
	spanPush = "push "
	spanPop  = "pop "
)

// instrument is a queue's telemetry.
type instrument struct {
	name   string
	scope  *telemetry.Scope
	reader *telemetry.Registration
	syncs  *telemetry.Durations

	records                             [7]telemetry.Point
	damage, pending, age, size, maximum telemetry.Point
}

// outcomes are what can become of records, in the order of instrument.records.
var outcomes = [7]string{
	flowconv.SpillOutcomePushed, flowconv.SpillOutcomePopped, flowconv.SpillOutcomeAcked,
	flowconv.SpillOutcomeRejected, flowconv.SpillOutcomeFailed, flowconv.SpillOutcomeDropped,
	flowconv.SpillOutcomeLost,
}

func newInstrument(name string, o options) instrument {
	key := flowconv.SpillNameKey.String(name)
	i := instrument{
		name:    name,
		scope:   telemetry.NewScope(scopeName, o.telemetry...),
		damage:  telemetry.NewPoint(flowconv.SpillDamage, key),
		pending: telemetry.NewPoint(flowconv.SpillRecordPending, key),
		age:     telemetry.NewPoint(flowconv.SpillRecordAge, key),
		size:    telemetry.NewPoint(flowconv.SpillSize, key),
		maximum: telemetry.NewPoint(flowconv.SpillCapacity, key),
	}
	for k, outcome := range outcomes {
		i.records[k] = telemetry.NewPoint(flowconv.SpillRecords, key, flowconv.SpillOutcomeKey.String(outcome))
	}
	return i
}

// start lets q be read.
func (i *instrument) start(q *Queue) {
	i.reader = queues.Register(i.scope, (*reading)(q))
	i.syncs = i.reader.Durations(flowconv.SpillSyncDuration, flowconv.SpillNameKey.String(i.name))
}

func (i *instrument) stop() { i.reader.Close() }

// reading is a queue as its metrics' reader sees it.
type reading Queue

// Observe reports the counters and the state.
func (r *reading) Observe(o *telemetry.Observer) {
	i, s := &r.inst, (*Queue)(r).Stats()
	for k, v := range [7]int64{s.Pushed, s.Popped, s.Acked, s.Rejected, s.Failed, s.Dropped, s.Lost} {
		o.Observe(&i.records[k], v)
	}
	o.Observe(&i.damage, s.DamagedBytes)
	o.Observe(&i.pending, int64(s.Records))
	o.Observe(&i.age, int64(s.OldestAge))
	o.Observe(&i.size, s.Bytes)
	o.Observe(&i.maximum, s.MaxBytes)
}

// trace makes the span of a call that has ended. The caller has looked at scope.Traced.
func (i *instrument) trace(ctx context.Context, verb string, start int64, n int, err error) {
	i.scope.Ended(ctx, verb+i.name, clock.Time(start), err,
		flowconv.SpillNameKey.String(i.name), flowconv.SpillRecordCountKey.Int(n))
}

// damaged tells that records were lost; with no file, that it was found when the queue was opened.
func (i *instrument) damaged(ctx context.Context, file string, records, bytes int64) {
	where := file
	if where == "" {
		where = "its files"
	}
	i.scope.Event(ctx, log.SeverityError, flowconv.EventSpillDamage,
		fmt.Sprintf("spill %q: %d records lost in %s, %d bytes damaged", i.name, records, where, bytes),
		flowconv.SpillNameKey.String(i.name),
		flowconv.SpillRecordCountKey.Int64(records),
		flowconv.SpillDamagedBytesKey.Int64(bytes))
}

// disk tells that the disk fails, or with a nil error that it works again.
func (i *instrument) disk(ctx context.Context, err error) {
	severity, state, text := log.SeverityInfo, flowconv.SpillDiskStateOk, fmt.Sprintf("spill %q: the disk works again", i.name)
	attrs := []attribute.KeyValue{flowconv.SpillNameKey.String(i.name)}
	if err != nil {
		severity, state, text = log.SeverityError, flowconv.SpillDiskStateFailing, err.Error()
		attrs = append(attrs, flowconv.ErrorTypeKey.String(core.ErrorType(err)))
	}
	i.scope.Event(ctx, severity, flowconv.EventSpillDisk, text, append(attrs, flowconv.SpillDiskStateKey.String(state))...)
}
