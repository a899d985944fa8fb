package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/core"
)

// nested is Compose as its documentation defines it.
func nested(policies []core.Policy, task core.Task) core.Task {
	for _, p := range slices.Backward(policies) {
		if p == nil {
			continue
		}
		inner := task
		task = func(ctx context.Context) error { return p.Do(ctx, inner) }
	}
	return task
}

// run notes in t what task did to the goroutine that called it.
func (t *trace) run(task core.Task) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		returned := false
		defer func() {
			if v := recover(); v != nil {
				t.add("panicked with %v", v)
			} else if !returned {
				t.add("goroutine ended")
			}
		}()
		err := task(context.Background())
		returned = true
		t.add("returned %v", err)
	}()
	<-ended
}

// policies draws a list of fakes that write to t, and the same list with neighbours composed at
// random.
func policies(t *rapid.T, to *trace) (flat, tree []core.Policy) {
	n := rapid.IntRange(0, 20).Draw(t, "policies")
	var open []core.Policy // to be composed before it joins the tree
	for i := range n {
		var p core.Policy
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
		case 1, 2:
			acts := []act{pass, pass, refuse, panics, goexit, twice, hide, wrap, late, change}
			p = &fakePolicy{to, fmt.Sprint("p", i), rapid.SampledFrom(acts).Draw(t, "act")}
		default:
			often := []act{pass, pass, pass, pass, pass, pass, refuse, panics, goexit}
			p = &fakeAdmitter{to, fmt.Sprint("a", i),
				rapid.SampledFrom(often).Draw(t, "admit"), rapid.SampledFrom(often).Draw(t, "done")}
		}
		flat = append(flat, p)
		open = append(open, p)
		switch rapid.IntRange(0, 3).Draw(t, "border") {
		case 0:
			tree = append(tree, core.Compose(open...))
			open = nil
		case 1:
			tree = append(tree, open...)
			open = nil
		}
	}
	return flat, append(tree, open...)
}

func TestComposeIsTheSameAsNesting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var got, want, call trace
		sink := &trace{}
		flat, tree := policies(t, sink)
		ending := rapid.SampledFrom([]act{pass, pass, refuse, panics, goexit}).Draw(t, "task")
		task := func(ctx context.Context) error {
			sink.add("task depth=%v", ctx.Value(depthKey{}))
			return ending.do("task")
		}

		sink.run(nested(flat, task))
		want, *sink = *sink, trace{}
		composed := core.Compose(tree...)
		sink.run(func(ctx context.Context) error { return composed.Do(ctx, task) })
		got, *sink = *sink, trace{}
		sink.run(func(ctx context.Context) error {
			_, err := core.Call(ctx, composed, func(ctx context.Context) (int, error) { return 1, task(ctx) })
			return err
		})
		call = *sink

		if !slices.Equal(got.events, want.events) {
			t.Fatalf("composed:\n%q\nnested:\n%q", got.events, want.events)
		}
		if !slices.Equal(call.events, want.events) {
			t.Fatalf("Call:\n%q\nnested:\n%q", call.events, want.events)
		}
	})
}

// free is an Admitter that costs nothing.
type free struct{ dones int }

func (f *free) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, f, task) }
func (f *free) Admit(context.Context) (core.Ticket, error)   { return core.Ticket{}, nil }
func (f *free) Done(core.Ticket, error)                      { f.dones++ }

func frees(n int) []core.Policy {
	list := make([]core.Policy, n)
	for i := range list {
		list[i] = &free{}
	}
	return list
}

// Not parallel: it counts allocations.
func TestComposeOfAdmittersAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	task := func(context.Context) error { return nil }
	load := func(context.Context) (string, error) { return "v", nil }
	for _, n := range []int{1, 3, 8} {
		p := core.Compose(frees(n)...)
		if got := testing.AllocsPerRun(100, func() { _ = p.Do(ctx, task) }); got != 0 {
			t.Errorf("Do of %d admitters: %v allocations", n, got)
		}
		if got := testing.AllocsPerRun(100, func() { _, _ = core.Call(ctx, p, load) }); got != 0 {
			t.Errorf("Call of %d admitters: %v allocations", n, got)
		}
	}
	single := frees(1)[0]
	if got := testing.AllocsPerRun(100, func() { _, _ = core.Call(ctx, single, load) }); got != 0 {
		t.Errorf("Call of an admitter: %v allocations", got)
	}
}

func TestComposeRunsMoreAdmittersThanOneStepHolds(t *testing.T) {
	t.Parallel()
	for _, n := range []int{8, 9, 16, 17, 100} {
		list := frees(n)
		runs := 0
		err := core.Compose(list...).Do(t.Context(), func(context.Context) error { runs++; return nil })
		if err != nil || runs != 1 {
			t.Errorf("%d admitters: task ran %d times, error %v", n, runs, err)
		}
		for i, p := range list {
			if got := p.(*free).dones; got != 1 {
				t.Errorf("%d admitters: number %d was told %d times", n, i, got)
			}
		}
	}
}

func TestComposeTellsEveryAdmitterOfAPanic(t *testing.T) {
	t.Parallel()
	var told []error
	list := make([]core.Policy, 12)
	for i := range list {
		list[i] = watcher(func(err error) { told = append(told, err) })
	}
	p := core.Compose(list...)
	err := core.Try(t.Context(), func(ctx context.Context) error {
		return p.Do(ctx, func(context.Context) error { panic("boom") })
	})
	var caught *core.PanicError
	if !errors.As(err, &caught) || caught.Value != "boom" {
		t.Fatalf("the panic did not go on: %v", err)
	}
	if len(told) != len(list) {
		t.Fatalf("%d of %d were told", len(told), len(list))
	}
	for _, err := range told {
		if !errors.Is(err, core.ErrAborted) || core.ErrorType(err) != core.TypePanic {
			t.Errorf("told %v", err)
		}
	}
}

// watcher is an Admitter that passes on what it is told.
type watcher func(err error)

func (w watcher) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, w, task) }
func (w watcher) Admit(context.Context) (core.Ticket, error)   { return core.Ticket{}, nil }
func (w watcher) Done(_ core.Ticket, err error)                { w(err) }

func TestComposeOfNothingRunsTheTask(t *testing.T) {
	t.Parallel()
	want := errors.New("its own")
	task := func(context.Context) error { return want }
	for _, p := range []core.Policy{
		core.Compose(), core.Compose(nil, nil), core.Compose(core.Compose(), nil, core.Compose()),
	} {
		if err := p.Do(t.Context(), task); err != want {
			t.Errorf("got %v", err)
		}
	}
}
