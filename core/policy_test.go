package core_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/goflow-go/goflow/core"
)

var errFirst = errors.New("first")

// again runs its task a second time.
var again = core.PolicyFunc(func(ctx context.Context, task core.Task) error {
	_ = task(ctx)
	return task(ctx)
})

// never does not run its task.
var never = core.PolicyFunc(func(context.Context, core.Task) error { return core.ErrRejected })

func TestCallReturnsTheValueOfTheLastRun(t *testing.T) {
	t.Parallel()
	admitter := core.Policy(&free{})
	refuses := &fakeAdmitter{trace: &trace{}, name: "a", admit: refuse}
	cases := map[string]struct {
		policy core.Policy
		value  int
		fails  bool
	}{
		"no policy":                         {nil, 1, false},
		"a plain policy":                    {core.PolicyFunc(func(ctx context.Context, task core.Task) error { return task(ctx) }), 1, false},
		"an admitter":                       {admitter, 1, false},
		"composed of admitters":             {core.Compose(admitter, &free{}), 1, false},
		"composed of nothing":               {core.Compose(), 1, false},
		"a policy that runs twice":          {again, 2, false},
		"mixed, running twice":              {core.Compose(admitter, again, &free{}), 2, false},
		"a policy that does not run":        {never, 0, true},
		"an admitter that refuses":          {refuses, 0, true},
		"composed with one that refuses":    {core.Compose(admitter, refuses), 0, true},
		"mixed with one that does not run":  {core.Compose(admitter, never, &free{}), 0, true},
		"twice around a composed admission": {core.Compose(again, core.Compose(admitter, &free{})), 2, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { // not parallel: the cases share their fakes
			runs := 0
			v, err := core.Call(t.Context(), c.policy, func(context.Context) (int, error) { runs++; return runs, nil })
			if v != c.value || (err != nil) != c.fails {
				t.Errorf("got %d, %v", v, err)
			}
		})
	}
}

func TestCallReturnsTheValueBesideTheError(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]core.Policy{
		"nil": nil, "plain": again, "admitter": &free{}, "composed": core.Compose(&free{}, &free{}),
	} {
		v, err := core.Call(t.Context(), p, func(context.Context) (string, error) { return "partial", errFirst })
		if v != "partial" || !errors.Is(err, errFirst) {
			t.Errorf("%s: got %q, %v", name, v, err)
		}
	}
}

func TestCallTellsTheAdmitterOfAPanic(t *testing.T) {
	t.Parallel()
	var told []error
	w := watcher(func(err error) { told = append(told, err) })
	for name, p := range map[string]core.Policy{"alone": w, "composed": core.Compose(w)} {
		told = nil
		err := core.Try(t.Context(), func(ctx context.Context) error {
			_, err := core.Call(ctx, p, func(context.Context) (int, error) { panic("boom") })
			return err
		})
		if len(told) != 1 || told[0] != core.ErrAborted || core.ErrorType(err) != core.TypePanic {
			t.Errorf("%s: told %v, error %v", name, told, err)
		}
	}
}

func TestGuardHandsTheTicketAndTheOutcomeBack(t *testing.T) {
	t.Parallel()
	tr := &trace{}
	a := &fakeAdmitter{trace: tr, name: "a"}
	if err := core.Guard(t.Context(), a, func(context.Context) error { return errFirst }); err != errFirst {
		t.Errorf("got %v", err)
	}
	if got, want := tr.events[1], "done a ticket={1 1} err=first"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// both runs the task twice at the same time and returns the first success, as a hedge does.
func both(ctx context.Context, task core.Task) error {
	errs := make(chan error, 2)
	for range 2 {
		go func() { errs <- task(ctx) }()
	}
	if err := <-errs; err == nil {
		return nil
	}
	return <-errs
}

func TestCallKeepsTheValueOfASuccessAmongRunsAtTheSameTime(t *testing.T) {
	t.Parallel()
	for range 100 {
		var runs, ended atomic.Int32
		v, err := core.Call(t.Context(), core.PolicyFunc(both), func(context.Context) (int, error) {
			defer ended.Add(1)
			if runs.Add(1) == 1 {
				return 1, errors.New("boom")
			}
			return 2, nil
		})
		if v != 2 || err != nil {
			t.Fatalf("Call = %d, %v, want 2", v, err)
		}
		for ended.Load() < 2 { // the loser must not write to what was returned
			runtime.Gosched()
		}
	}
}
