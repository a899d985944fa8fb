package sched

import (
	"cmp"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/goflow-go/goflow/core"
)

// Step is a part of a [Chain].
type Step struct {
	// Name is the step's name in errors and telemetry, and for [Jump]. Required, and unique in the
	// chain.
	Name string
	// Do is the step's work. A step that fails is taken to have changed nothing: it is not undone.
	// Required.
	Do core.Task
	// Undo takes back what Do has done, when the chain fails later. It must be one that may run under
	// a context of its own, after the caller's has ended. Defaults to nothing to undo.
	Undo core.Task
	// OnSuccess is what to do when Do has succeeded. It cannot be [Retry]. Defaults to [Continue].
	OnSuccess Action
	// OnError is what to do when Do has failed, by an error or a panic. Defaults to [Stop].
	OnError Action
}

// ChainConfig is the config of a [Chain].
type ChainConfig struct {
	// MaxSteps is how many steps a run may have: what bounds loops of jumps. A run that would need
	// more fails. Defaults to 1000, or to the number of steps if that is more.
	MaxSteps int `json:"max_steps" yaml:"max_steps" env:"MAX_STEPS"`
	// UndoTimeout is how long all that is undone after a failure may take together. Defaults to 30 s.
	UndoTimeout time.Duration `json:"undo_timeout" yaml:"undo_timeout" env:"UNDO_TIMEOUT"`
}

// Validate reports everything that is wrong with c.
func (c ChainConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.MaxSteps >= 0, "MaxSteps", c.MaxSteps, "must not be negative")
	faults.Require(c.UndoTimeout >= 0, "UndoTimeout", c.UndoTimeout, "must not be negative")
	return faults.Err()
}

func (c ChainConfig) withDefaults(steps int) ChainConfig {
	orDefault(&c.MaxSteps, max(1000, steps))
	orDefault(&c.UndoTimeout, 30*time.Second)
	return c
}

// maxStepName bounds names of steps and stages: they become metric attributes.
const maxStepName = 128

// validateSteps reports everything that is wrong with the steps of a chain.
func validateSteps(cfg ChainConfig, steps []Step) error {
	var faults core.Faults
	faults.Require(len(steps) > 0, "steps", len(steps), "must be at least 1")
	if cfg.MaxSteps > 0 {
		faults.Require(cfg.MaxSteps >= len(steps), "MaxSteps", cfg.MaxSteps, fmt.Sprintf("must be at least the number of steps, %d", len(steps)))
	}
	known := make(map[string]int, len(steps))
	for i, s := range steps {
		requireName(&faults, fmt.Sprintf("steps[%d].Name", i), s.Name)
		first, twice := known[s.Name]
		faults.Require(!twice, fmt.Sprintf("steps[%d].Name", i), s.Name, fmt.Sprintf("must not be that of steps[%d]", first))
		known[s.Name] = i
	}
	for i, s := range steps {
		s.validate(&faults, cmp.Or(s.Name, fmt.Sprintf("steps[%d]", i)), known)
	}
	return faults.Err()
}

// requireName notes what is wrong with the name of a step or a stage.
func requireName(faults *core.Faults, field, name string) {
	faults.Require(name != "", field, name, "must not be empty")
	faults.Require(len(name) <= maxStepName, field, name, fmt.Sprintf("must have at most %d bytes", maxStepName))
	faults.Require(utf8.ValidString(name), field, name, "must be UTF-8")
}

// validate notes what is wrong with a step but for its name.
func (s *Step) validate(faults *core.Faults, name string, known map[string]int) {
	faults.Require(s.Do != nil, name+".Do", nil, "must be set")
	s.OnSuccess.validate(faults, name+".OnSuccess", known)
	faults.Require(s.OnSuccess.kind != actionRetry, name+".OnSuccess", s.OnSuccess, "must not be a retry")
	s.OnError.validate(faults, name+".OnError", known)
}
