package core_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/goflow-go/goflow/core"
)

// act is what a fake does when it is its turn.
type act string

const (
	pass   act = "pass"
	refuse act = "refuse"
	panics act = "panic"
	goexit act = "goexit"
	twice  act = "twice"  // a plain policy runs its task again
	hide   act = "hide"   // a plain policy turns the error into nil
	wrap   act = "wrap"   // a plain policy wraps the error
	late   act = "late"   // a plain policy panics after its task
	change act = "change" // a plain policy changes the context
)

type trace struct{ events []string }

func (t *trace) add(format string, args ...any) {
	t.events = append(t.events, fmt.Sprintf(format, args...))
}

type depthKey struct{}

// do is the part of act that admitters, policies and tasks share.
func (a act) do(who string) error {
	switch a {
	case refuse:
		return errors.New(who + " refused")
	case panics:
		panic(who + " panicked")
	case goexit:
		runtime.Goexit()
	}
	return nil
}

type fakeAdmitter struct {
	*trace
	name        string
	admit, done act
}

func (f *fakeAdmitter) Do(ctx context.Context, task core.Task) error {
	return core.Guard(ctx, f, task)
}

func (f *fakeAdmitter) Admit(ctx context.Context) (core.Ticket, error) {
	f.add("admit %s depth=%v", f.name, ctx.Value(depthKey{}))
	if err := f.admit.do(f.name + " admit"); err != nil {
		return core.Ticket{ID: 404}, err
	}
	return core.Ticket{ID: uint64(len(f.events)), Start: int64(len(f.name))}, nil
}

func (f *fakeAdmitter) Done(t core.Ticket, err error) {
	f.add("done %s ticket=%v err=%v", f.name, t, err)
	_ = f.done.do(f.name + " done")
}

type fakePolicy struct {
	*trace
	name string
	act  act
}

func (f *fakePolicy) Do(ctx context.Context, task core.Task) error {
	f.add("enter %s", f.name)
	if f.act != late {
		if err := f.act.do(f.name); err != nil {
			return err
		}
	}
	if f.act == change {
		ctx = context.WithValue(ctx, depthKey{}, f.name)
	}
	err := task(ctx)
	switch f.act {
	case twice:
		err = task(ctx)
	case hide:
		err = nil
	case wrap:
		err = fmt.Errorf("%s: %w", f.name, err)
	case late:
		panic(f.name + " panicked late")
	}
	f.add("leave %s err=%v", f.name, err)
	return err
}
