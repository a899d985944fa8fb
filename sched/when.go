package sched

import (
	"context"

	"github.com/goflow-go/goflow/core"
)

// When is a policy that runs the task only if the condition holds, and otherwise returns an error that
// matches core.ErrRejected: a job's run is skipped then.
func When(condition func(ctx context.Context) bool) core.Policy {
	return core.PolicyFunc(func(ctx context.Context, task core.Task) error {
		if !condition(ctx) {
			return errCondition
		}
		return task(ctx)
	})
}

// conditionError says that a condition did not hold.
type conditionError struct{}

var errCondition error = conditionError{}

func (conditionError) Error() string        { return "sched: the condition does not hold" }
func (conditionError) Is(target error) bool { return target == core.ErrRejected }
func (conditionError) ErrorType() string    { return core.TypeRateLimited }
