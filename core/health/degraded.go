package health

import (
	"errors"
	"fmt"

	"github.com/goflow-go/goflow/core"
)

// ErrDegraded is what an error of a check wraps when the thing works, but worse than it should: the
// check is then [Degraded], which fails no probe.
var ErrDegraded = errors.New("degraded")

// Degradedf makes an error that matches [ErrDegraded], of a text as fmt.Errorf takes it, %w included.
func Degradedf(format string, args ...any) error {
	return &degradedError{fmt.Errorf(format, args...)}
}

// degradedError matches ErrDegraded without saying so in its text.
type degradedError struct{ error }

func (e *degradedError) Is(target error) bool { return target == ErrDegraded }
func (e *degradedError) Unwrap() error        { return e.error }

// judge says what an error of a check means. One whose own Is panics means down, and so does a panic,
// whatever its value.
func judge(err error) (s Status) {
	if err == nil {
		return Up
	}
	defer func() {
		if recover() != nil {
			s = Down
		}
	}()
	if _, panicked := errors.AsType[*core.PanicError](err); !panicked && errors.Is(err, ErrDegraded) {
		return Degraded
	}
	return Down
}
