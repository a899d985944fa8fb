package sched

import (
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Action is what a [Chain] does when a step has succeeded or failed. Make one with [Continue], [Stop],
// [Jump] or [Retry]. The zero Action is the default of the field it is in. An Action is immutable.
type Action struct {
	kind     actionKind
	attempts int           // of actionRetry
	delay    time.Duration // of actionRetry
	step     string        // of actionJump
	then     *Action       // after actionRetry
}

type actionKind uint8

const (
	actionDefault actionKind = iota
	actionContinue
	actionStop
	actionJump
	actionRetry
)

// Continue goes on with the next step, or ends the chain with success after the last. A step that
// failed is then left as it is, and its error is not reported but in telemetry.
func Continue() Action { return Action{kind: actionContinue} }

// Stop ends the chain: with success after a step that succeeded, otherwise with the step's error after
// what was done is undone.
func Stop() Action { return Action{kind: actionStop} }

// Jump goes on with the step of that name, which may be an earlier one. ChainConfig.MaxSteps bounds
// the loops that come of it.
func Jump(step string) Action { return Action{kind: actionJump, step: step} }

// Retry runs a step that failed up to n more times, whatever it failed with, and waits delay before
// each. It is for OnError only. When none succeeds the chain stops, unless [Action.Then] says what to
// do instead. For delays that grow, budgets, and errors not to retry, put a resilience.Retry around
// the step's task.
func Retry(n int, delay time.Duration) Action {
	return Action{kind: actionRetry, attempts: n, delay: delay}
}

// Then says what to do when all attempts of a [Retry] have failed: any Action, another Retry
// included. Of several, each follows the one before.
func (a Action) Then(next Action) Action {
	if a.then != nil {
		next = a.then.Then(next)
	}
	a.then = &next
	return a
}

// String reads `continue`, `stop`, `jump to "pay"` or `retry 2 times after 1s, then stop`.
func (a Action) String() string {
	text := "default"
	switch a.kind {
	case actionContinue:
		text = "continue"
	case actionStop:
		text = "stop"
	case actionJump:
		text = fmt.Sprintf("jump to %q", a.step)
	case actionRetry:
		text = fmt.Sprintf("retry %d times after %v", a.attempts, a.delay)
	case actionDefault:
	}
	if a.then != nil {
		text += ", then " + a.then.String()
	}
	return text
}

// or is a, or what the zero Action stands for.
func (a Action) or(fallback Action) Action {
	if a.kind == actionDefault {
		return fallback
	}
	return a
}

// after is what follows the last attempt of a retry.
func (a Action) after() Action {
	if a.then == nil {
		return Stop()
	}
	return a.then.or(Stop())
}

// validate notes what is wrong with an action of a field; known has the names of all steps.
func (a Action) validate(faults *core.Faults, field string, known map[string]int) {
	switch a.kind {
	case actionJump:
		_, ok := known[a.step]
		faults.Require(ok, field, a, "must jump to a step of the chain")
	case actionRetry:
		faults.Require(a.attempts >= 0, field, a, "must not retry a negative number of times")
		faults.Require(a.delay >= 0, field, a, "must not retry after a negative delay")
	case actionDefault, actionContinue, actionStop:
	}
	if a.then != nil {
		faults.Require(a.kind == actionRetry, field, a, "must not have an action after one that is no retry")
		a.then.validate(faults, field, known)
	}
}
