package sched

import (
	"context"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// poolInstrument is a pool's telemetry.
type poolInstrument struct {
	name    string
	span    string // the name of its spans
	scope   *telemetry.Scope
	reader  *telemetry.Registration
	metrics poolPoints
	waits   *telemetry.Durations
	runs    *telemetry.Durations
}

func newPoolInstrument(name string, o options) poolInstrument {
	i := poolInstrument{name: name, span: spanExecute + name, scope: telemetry.NewScope(scopeName, o.telemetry...)}
	i.metrics = i.poolPoints()
	return i
}

// start lets p be read.
func (i *poolInstrument) start(p *Pool) {
	i.reader = pools.Register(i.scope, (*poolReading)(p))
	name := flowconv.PoolNameKey.String(i.name)
	i.waits = i.reader.Durations(flowconv.PoolTaskWaitDuration, name)
	i.runs = i.reader.Durations(flowconv.PoolTaskDuration, name)
}

// timed notes how long a task waited and ran.
func (i *poolInstrument) timed(ctx context.Context, wait, run int64, err error) {
	i.waits.Record(ctx, time.Duration(wait), nil)
	i.runs.Record(ctx, time.Duration(run), err)
}

// panicked tells of a panic.
func (i *poolInstrument) panicked(ctx context.Context, p *core.PanicError) {
	panicked(ctx, i.scope, flowconv.EventPoolPanic, "pool", i.name, flowconv.PoolNameKey, p)
}
