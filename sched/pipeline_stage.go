package sched

import (
	"context"
	"slices"

	"github.com/goflow-go/goflow/core"
)

// Stages are what a [Pipeline] does to an In, one after the other, until it is an Out. Begin with
// [NewStage] and add to it with [Then]. They are an immutable value, good for any number of pipelines.
type Stages[In, Out any] struct{ list []stage }

// NewStage is the first stage of a pipeline. The name is the stage's in errors and, after the pipeline's,
// in telemetry: its workers are a [Pool] called "images/fetch". f is called for many items at the same
// time, and returns soon after ctx ends.
func NewStage[In, Out any](name string, cfg StageConfig, f func(ctx context.Context, in In) (Out, error)) Stages[In, Out] {
	return Stages[In, Out]{[]stage{newStage(name, cfg, f)}}
}

// Then adds a stage, which gets what the last of stages has made. The arguments are those of [NewStage].
func Then[In, Mid, Out any](stages Stages[In, Mid], name string, cfg StageConfig, f func(ctx context.Context, in Mid) (Out, error)) Stages[In, Out] {
	return Stages[In, Out]{append(slices.Clip(stages.list), newStage(name, cfg, f))}
}

// stage is a stage without its types: between stages, items travel as any.
type stage struct {
	name   string
	cfg    StageConfig
	work   func(ctx context.Context, in any) (any, error) // nil: it was not given
	policy core.Policy                                    // nil: none
	pool   *Pool                                          // set when a pipeline is made of it
}

func newStage[In, Out any](name string, cfg StageConfig, f func(context.Context, In) (Out, error)) stage {
	s := stage{name: name, cfg: cfg}
	if f != nil {
		s.work = func(ctx context.Context, in any) (any, error) {
			v, _ := in.(In) // In may be an interface, and in its nil
			return f(ctx, v)
		}
	}
	if len(cfg.Policies) > 0 {
		s.policy = core.Compose(cfg.Policies...)
	}
	return s
}

// do works on an item.
func (s *stage) do(ctx context.Context, in any) (any, error) {
	if s.policy == nil {
		return s.work(ctx, in)
	}
	return core.Call(ctx, s.policy, func(ctx context.Context) (any, error) { return s.work(ctx, in) })
}

// poolName is what the workers of a stage are called.
func poolName(pipeline, stage string) string { return pipeline + "/" + stage }

// staff gives the stages of a pipeline their workers.
func staff(pipeline string, stages []stage, opts []Option) ([]stage, error) {
	stages = slices.Clone(stages)
	for i := range stages {
		s := &stages[i]
		s.cfg = s.cfg.withDefaults()
		pool, err := NewPool(poolName(pipeline, s.name), PoolConfig{
			MinWorkers: s.cfg.Workers, MaxWorkers: s.cfg.Workers,
			Queue: s.cfg.Queue, TaskTimeout: s.cfg.Timeout,
		}, opts...)
		if err != nil {
			return nil, err
		}
		s.pool = pool
	}
	return stages, nil
}
