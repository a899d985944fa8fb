package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
)

// typed is an error that names its class and knows when to come back.
type typed struct {
	class string
	after time.Duration
}

func (e typed) Error() string             { return "typed " + e.class }
func (e typed) ErrorType() string         { return e.class }
func (e typed) RetryAfter() time.Duration { return e.after }

func TestErrorTypeAnswersFromAClosedSet(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	cases := map[string]struct {
		err  error
		want string
	}{
		"nil":                             {nil, ""},
		"plain":                           {plain, core.TypeOther},
		"rejected sentinel":               {core.ErrRejected, core.TypeOther},
		"closed":                          {core.ErrClosed, core.TypeClosed},
		"invalid":                         {core.ErrInvalid, core.TypeInvalid},
		"aborted":                         {core.ErrAborted, core.TypePanic},
		"panic":                           {&core.PanicError{Value: "x"}, core.TypePanic},
		"panic with an error":             {&core.PanicError{Value: context.Canceled}, core.TypePanic},
		"fault":                           {&core.Fault{}, core.TypeInvalid},
		"config":                          {core.Configure("p", "", nil), core.TypeInvalid},
		"deadline":                        {context.DeadlineExceeded, core.TypeTimeout},
		"canceled":                        {context.Canceled, core.TypeCanceled},
		"deadline, wrapped":               {fmt.Errorf("a: %w", context.DeadlineExceeded), core.TypeTimeout},
		"canceled, joined":                {errors.Join(plain, context.Canceled), core.TypeCanceled},
		"typed, wrapped":                  {fmt.Errorf("a: %w", typed{class: core.TypeQueueFull}), core.TypeQueueFull},
		"typed, joined":                   {errors.Join(plain, typed{class: core.TypeBreakerOpen}), core.TypeBreakerOpen},
		"typed before context":            {errors.Join(context.Canceled, typed{class: core.TypeRateLimited}), core.TypeRateLimited},
		"the outer of two typed":          {fmt.Errorf("%w %w", core.ErrClosed, core.ErrInvalid), core.TypeClosed},
		"typed with a class nobody knows": {typed{class: "user-4711"}, core.TypeOther},
		"typed with no class":             {typed{}, core.TypeOther},
	}
	for _, class := range core.ErrorTypes() {
		cases["typed "+class] = struct {
			err  error
			want string
		}{typed{class: class}, class}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := core.ErrorType(c.err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestErrorTypesCannotBeChangedFromOutside(t *testing.T) {
	t.Parallel()
	core.ErrorTypes()[0] = "changed"
	if got := core.ErrorTypes()[0]; got != core.TypeRateLimited {
		t.Errorf("got %q", got)
	}
}

func TestRetryAfterIsFoundInTheChain(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err   error
		after time.Duration
		ok    bool
	}{
		"nil":             {nil, 0, false},
		"plain":           {errors.New("plain"), 0, false},
		"itself":          {typed{after: time.Second}, time.Second, true},
		"wrapped":         {fmt.Errorf("a: %w", typed{after: time.Minute}), time.Minute, true},
		"joined":          {errors.Join(errFirst, typed{after: time.Hour}), time.Hour, true},
		"zero, but known": {typed{}, 0, true},
	}
	for name, c := range cases {
		if after, ok := core.RetryAfter(c.err); after != c.after || ok != c.ok {
			t.Errorf("%s: got %v, %v", name, after, ok)
		}
	}
}

func TestTryContainsAPanic(t *testing.T) {
	t.Parallel()
	err := core.Try(t.Context(), func(context.Context) error { panicsHere(errFirst); return nil })
	var caught *core.PanicError
	if !errors.As(err, &caught) {
		t.Fatalf("got %v", err)
	}
	if caught.Value != errFirst || !errors.Is(err, errFirst) {
		t.Errorf("value %v, unwraps to %v", caught.Value, errors.Unwrap(err))
	}
	if !strings.Contains(string(caught.Stack), "panicsHere") {
		t.Errorf("the stack does not show the panic:\n%s", caught.Stack)
	}
	if got, want := err.Error(), "core: task panicked: first"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func panicsHere(v any) { panic(v) }

func TestTryUnwrapsErrorsOnly(t *testing.T) {
	t.Parallel()
	err := core.Try(t.Context(), func(context.Context) error { panic("text") })
	if errors.Unwrap(err) != nil {
		t.Errorf("unwraps to %v", errors.Unwrap(err))
	}
	if got, want := (&core.PanicError{}).Error(), "core: task ended its goroutine"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTryContainsWhatTheRuntimeThrowsAtTheTask(t *testing.T) {
	t.Parallel()
	for name, task := range map[string]core.Task{
		"nil task":     nil,
		"panic of nil": func(context.Context) error { panic(nil) },
		"nil map":      func(context.Context) error { var m map[int]int; m[1] = 1; return nil },
	} {
		if err := core.Try(t.Context(), task); core.ErrorType(err) != core.TypePanic {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTryPassesTheErrorThrough(t *testing.T) {
	t.Parallel()
	if err := core.Try(t.Context(), func(context.Context) error { return errFirst }); err != errFirst {
		t.Errorf("got %v", err)
	}
}
