package sched

import (
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// StageError says at which stage of a [Pipeline] an item failed, or was when its caller gave up. It
// matches what the stage's error matches; a panic of the stage is a *core.PanicError.
type StageError struct {
	Pipeline string // the pipeline's name
	Stage    string // the stage's name
	Err      error  // why
}

// Error reads `sched: pipeline "images" failed at stage "resize": no such format`.
func (e *StageError) Error() string {
	return fmt.Sprintf("sched: pipeline %q failed at stage %q: %v", e.Pipeline, e.Stage, e.Err)
}

// Unwrap gives the stage's error.
func (e *StageError) Unwrap() error { return e.Err }

// ErrorType is that of the stage's error.
func (e *StageError) ErrorType() string { return core.ErrorType(e.Err) }
