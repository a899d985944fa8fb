package sched_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/sched"
)

func TestCompensationIsInReverseOrderOfSuccess(t *testing.T) {
	t.Parallel()
	j := &journal{}
	again := j.step("b")
	again.OnSuccess = sched.Jump("a")
	once := j.step("a", nil, errStep)
	once.OnError = sched.Jump("c")
	chain := newChain(t, sched.ChainConfig{}, []sched.Step{once, again, j.step("c"), {Name: "d", Do: j.task("d")}, j.step("e", errStep)})
	err := chain.Run(t.Context())
	if got, want := j.String(), "a b a c d e -c -b -a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := fmt.Sprint(err), `sched: chain "order" failed at step "e": declined; undone: c, b, a`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAStepThatSucceededTwiceIsUndoneTwice(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := j.step("b", errStep, errStep)
	b.OnError = sched.Jump("a")
	c := j.step("c", errStep)
	chain := newChain(t, sched.ChainConfig{}, []sched.Step{j.step("a"), b, c})
	if err := chain.Run(t.Context()); err == nil {
		t.Error("want failure")
	}
	if got, want := j.String(), "a b a b a b c -b -a -a -a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAllIsUndoneEvenWhenAnUndoFails(t *testing.T) {
	t.Parallel()
	j := &journal{}
	steps := []sched.Step{j.step("a"), j.step("b"), j.step("c"), j.step("d"), j.step("e", errStep)}
	steps[1].Undo = j.task("-b", errUndo)
	steps[2].Undo = func(context.Context) error { panic("no undo") }
	steps[3].Undo = func(context.Context) error { runtime.Goexit(); return nil }
	chain := newChain(t, sched.ChainConfig{}, steps)
	failed, ok := errors.AsType[*sched.ChainError](chain.Run(t.Context()))
	if !ok {
		t.Fatal("want a ChainError")
	}
	if got, want := j.String(), "a b c d e -b -a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !slices.Equal(failed.Undone, []string{"a"}) || !errors.Is(failed.UndoErr, errUndo) || errors.Is(failed, errUndo) {
		t.Errorf("got %+v", failed)
	}
	want := `sched: chain "order" failed at step "e": declined; undone: a; not undone: step "d": core: task ended its goroutine; ` +
		`step "c": core: task panicked: no undo; step "b": gone`
	if got := failed.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for i, want := range []sched.StepStats{
		{Step: "a", Successes: 1, Undone: 1},
		{Step: "b", Successes: 1, UndoFailed: 1},
		{Step: "c", Successes: 1, UndoFailed: 1},
		{Step: "d", Successes: 1, UndoFailed: 1},
		{Step: "e", Failures: 1},
	} {
		if got := chain.Stats()[i]; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestAnErrorNamesFewOfManyThatWereUndone(t *testing.T) {
	t.Parallel()
	err := &sched.ChainError{Chain: "order", Step: "z", Err: errStep, Undone: strings.Split("a b c d e f g h i j", " ")}
	if got, want := err.Error(), `sched: chain "order" failed at step "z": declined; undone: a, b, c, d, e, f, g, h and 2 more`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type shopKey struct{}

func TestUndoRunsUnderTheValuesOfTheCallerWithinItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), shopKey{}, "paris"))
		j := &journal{}
		a := j.step("a")
		hangs := sched.Step{Name: "b", Do: j.task("b"), Undo: func(ctx context.Context) error {
			if ctx.Err() != nil || ctx.Value(shopKey{}) != "paris" {
				t.Errorf("undone under %v", ctx)
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		last := sched.Step{Name: "c", Do: func(context.Context) error { cancel(); return errStep }}
		chain := newChain(t, sched.ChainConfig{UndoTimeout: time.Minute}, []sched.Step{a, hangs, last})
		start := time.Now()
		failed, _ := errors.AsType[*sched.ChainError](chain.Run(ctx))
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v, want a minute", took)
		}
		if !errors.Is(failed.UndoErr, context.DeadlineExceeded) || !slices.Equal(failed.Undone, []string{"a"}) {
			t.Errorf("got %+v", failed)
		}
	})
}
