package sched

import (
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// PipelineStats is what a [Pipeline] has counted since it was made, and what it does now.
type PipelineStats struct {
	Completed int64 // items that went through all stages
	Failed    int64 // items that a stage failed, whose caller gave up, or that Stop ended
	Active    int   // items inside now
	Stages    []StageStats
}

// StageStats is what a stage of a [Pipeline] has counted, and what it does now.
type StageStats struct {
	Stage   string    // the stage's name
	Workers PoolStats // of the pool its workers are
}

// Stats reads the counters.
func (p *Pipeline[In, Out]) Stats() PipelineStats {
	l := p.line
	s := PipelineStats{Completed: l.completed.Load(), Failed: l.failed.Load(), Active: l.active()}
	for _, st := range l.stages {
		s.Stages = append(s.Stages, StageStats{st.name, st.pool.Stats()})
	}
	return s
}

// pipelinePoints are the metrics of a pipeline.
type pipelinePoints struct{ completed, failed, active telemetry.Point }

func newPipelinePoints(pipeline string) pipelinePoints {
	name := flowconv.PipelineNameKey.String(pipeline)
	items := func(outcome string) telemetry.Point {
		return telemetry.NewPoint(flowconv.PipelineItems, name, flowconv.PipelineOutcomeKey.String(outcome))
	}
	return pipelinePoints{
		items(flowconv.PipelineOutcomeCompleted), items(flowconv.PipelineOutcomeFailed),
		telemetry.NewPoint(flowconv.PipelineItemActive, name),
	}
}

// pipelineReading is how a pipeline is read at collection, kept off its method set.
type pipelineReading line

func (l *pipelineReading) Observe(o *telemetry.Observer) {
	o.Observe(&l.metrics.completed, l.completed.Load())
	o.Observe(&l.metrics.failed, l.failed.Load())
	o.Observe(&l.metrics.active, int64((*line)(l).active()))
}
