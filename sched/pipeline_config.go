package sched

import (
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// StageConfig is the config of a stage of a [Pipeline].
type StageConfig struct {
	// Workers is how many items the stage works on at the same time. Defaults to 1.
	Workers int `json:"workers" yaml:"workers" env:"WORKERS"`
	// Queue is how many items may wait for the stage. While as many do, the stage before waits with what
	// it has done, and Submit with what comes in. Defaults to Workers.
	Queue int `json:"queue" yaml:"queue" env:"QUEUE"`
	// Timeout is how long the stage may work on an item before the item's context ends, from when it
	// begins, all that Policies do included. Defaults to 0: no bound.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`
	// Policies are around the work on each item, the first outermost. Defaults to none.
	Policies []core.Policy `json:"-" yaml:"-" env:"-"`
}

// Validate reports everything that is wrong with c.
func (c StageConfig) Validate() error { return c.validate("") }

// validate is Validate of the config of a stage, whose fields are named with prefix.
func (c StageConfig) validate(prefix string) error {
	var faults core.Faults
	faults.Require(c.Workers >= 0, prefix+"Workers", c.Workers, "must not be negative")
	faults.Require(c.Workers <= mostWorkers, prefix+"Workers", c.Workers, fmt.Sprintf("must be at most %d", mostWorkers))
	faults.Require(c.Queue >= 0, prefix+"Queue", c.Queue, "must not be negative")
	faults.Require(c.Queue <= maxQueue, prefix+"Queue", c.Queue, fmt.Sprintf("must be at most %d", maxQueue))
	faults.Require(c.Timeout >= 0, prefix+"Timeout", c.Timeout, "must not be negative")
	return faults.Err()
}

func (c StageConfig) withDefaults() StageConfig {
	orDefault(&c.Workers, 1)
	orDefault(&c.Queue, c.Workers)
	return c
}

// PipelineConfig is the config of a [Pipeline].
type PipelineConfig struct {
	// MaxInFlight is how many items of one All may be in the pipeline, or have left it and wait to be
	// taken. Defaults to what the workers and the queues of all stages hold.
	MaxInFlight int `json:"max_in_flight" yaml:"max_in_flight" env:"MAX_IN_FLIGHT"`
	// Unordered makes All give items as they are done. Defaults to false: in the order they came in.
	Unordered bool `json:"unordered" yaml:"unordered" env:"UNORDERED"`
}

// Validate reports everything that is wrong with c.
func (c PipelineConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.MaxInFlight >= 0, "MaxInFlight", c.MaxInFlight, "must not be negative")
	faults.Require(c.MaxInFlight <= maxQueue, "MaxInFlight", c.MaxInFlight, fmt.Sprintf("must be at most %d", maxQueue))
	return faults.Err()
}

// withDefaults wants stages that have theirs.
func (c PipelineConfig) withDefaults(stages []stage) PipelineConfig {
	held := 0
	for _, s := range stages {
		held += s.cfg.Workers + s.cfg.Queue
	}
	orDefault(&c.MaxInFlight, min(held, maxQueue))
	return c
}

// validateStages reports everything that is wrong with the stages of a pipeline.
func validateStages(pipeline string, stages []stage) error {
	var faults core.Faults
	var errs []error
	faults.Require(len(stages) > 0, "stages", len(stages), "must be at least 1")
	known := make(map[string]int, len(stages))
	for i, s := range stages {
		field := fmt.Sprintf("stages[%d]", i)
		requireName(&faults, field, s.name)
		first, twice := known[s.name]
		faults.Require(!twice, field, s.name, fmt.Sprintf("must not be called as stages[%d] is", first))
		known[s.name] = i
		if s.name != "" {
			field = s.name
		}
		if joint := poolName(pipeline, s.name); len(pipeline) <= maxStepName && len(s.name) <= maxStepName {
			faults.Require(len(joint) <= maxStepName, field, joint, fmt.Sprintf("must have at most %d bytes with the pipeline's name", maxStepName))
		}
		faults.Require(s.work != nil, field, nil, "must have a function")
		errs = append(errs, s.cfg.validate(field+"."))
	}
	return errors.Join(faults.Err(), errors.Join(errs...))
}
