package sched

import (
	"fmt"
	"strings"

	"github.com/goflow-go/goflow/core"
)

// ChainError says which step failed a [Chain], and what became of the steps that had succeeded before.
// It matches what the step's error matches.
type ChainError struct {
	Chain   string   // the chain's name
	Step    string   // the step that failed, or that was not begun because the chain had to end
	Err     error    // why
	Undone  []string // the steps that were undone, in that order
	UndoErr error    // the joined errors of those that could not be undone; nil when there are none
}

// Error reads `sched: chain "order" failed at step "charge": card declined; undone: reserve`.
func (e *ChainError) Error() string {
	text := fmt.Sprintf("sched: chain %q failed at step %q: %v", e.Chain, e.Step, e.Err)
	if len(e.Undone) > 0 {
		text += "; undone: " + strings.Join(e.Undone[:min(len(e.Undone), maxNamed)], ", ")
		if more := len(e.Undone) - maxNamed; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	if e.UndoErr != nil {
		text += "; not undone: " + strings.ReplaceAll(e.UndoErr.Error(), "\n", "; ")
	}
	return text
}

// Unwrap gives the error of the step, and not UndoErr: what failed the chain is what to decide by.
func (e *ChainError) Unwrap() error { return e.Err }

// ErrorType is that of the step's error.
func (e *ChainError) ErrorType() string { return core.ErrorType(e.Err) }
