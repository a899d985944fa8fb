package sched

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/sched"

// The kinds of engines of this package.
var (
	pools = telemetry.NewKind(scopeName,
		flowconv.PoolTasks, flowconv.PoolTaskDuration, flowconv.PoolTaskWaitDuration,
		flowconv.PoolQueueSize, flowconv.PoolQueueCapacity,
		flowconv.PoolWorkerActive, flowconv.PoolWorkerLimit, flowconv.PoolWorkerUtilization)
	schedulers = telemetry.NewKind(scopeName,
		flowconv.JobRuns, flowconv.JobRunActive, flowconv.JobRunDuration, flowconv.JobStartDelay,
		flowconv.SchedulerJobPending, flowconv.SchedulerTimerPending)
	chains    = telemetry.NewKind(scopeName, flowconv.ChainSteps)
	pipelines = telemetry.NewKind(scopeName,
		flowconv.PipelineItems, flowconv.PipelineItemActive, flowconv.PipelineItemDuration)
)

// The verbs of spans.
const (
	spanRun     = "run "
	spanExecute = "execute "
	spanStep    = "step "
	spanUndo    = "undo "
	spanProcess = "process "
)

// panicked tells of a panic, once for each.
func panicked(ctx context.Context, scope *telemetry.Scope, event, what, name string, key attribute.Key, p *core.PanicError) {
	scope.Event(ctx, log.SeverityError, event, fmt.Sprintf("%s %q: %v", what, name, p),
		key.String(name),
		flowconv.ExceptionMessageKey.String(p.Error()),
		flowconv.ExceptionStacktraceKey.String(string(p.Stack)))
}
