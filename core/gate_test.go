package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/goflow-go/goflow/core"
)

// noting is an Admitter that notes what happens to it.
type noting struct {
	name  string
	err   error
	notes *[]string
}

func (a noting) Admit(context.Context) (core.Ticket, error) {
	*a.notes = append(*a.notes, "admit "+a.name)
	return core.Ticket{}, a.err
}

func (a noting) Done(_ core.Ticket, err error) {
	*a.notes = append(*a.notes, fmt.Sprint("done ", a.name, " ", err))
}

func (a noting) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, a, task) }

func TestGateAdmitsInOrderAndTellsInReverse(t *testing.T) {
	t.Parallel()
	full := errors.New("full")
	for _, c := range []struct {
		name string
		err  error // of the second
		want string
	}{
		{"all admit", nil, "[admit a admit b done b <nil> done a <nil>]"},
		{"the second refuses", full, "[admit a admit b done a full]"},
	} {
		var notes []string
		gate, ok := core.GateOf(core.Compose(noting{"a", nil, &notes}, noting{"b", c.err, &notes}))
		if !ok {
			t.Fatal("Admitters are no gate")
		}
		var tickets core.Tickets
		err := gate.Admit(t.Context(), &tickets)
		gate.Done(&tickets, err)
		if got := fmt.Sprint(notes); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %s, %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestGateIsOfAdmittersOnly(t *testing.T) {
	t.Parallel()
	var notes []string
	a := noting{"a", nil, &notes}
	other := core.PolicyFunc(func(ctx context.Context, task core.Task) error { return task(ctx) })
	nine := []core.Policy{a, a, a, a, a, a, a, a, a}
	for name, c := range map[string]struct {
		policy core.Policy
		want   bool
	}{
		"an Admitter":           {a, true},
		"eight":                 {core.Compose(nine[:8]...), true},
		"nine":                  {core.Compose(nine...), false},
		"another policy":        {other, false},
		"an Admitter in others": {core.Compose(other, a), false},
		"none":                  {nil, false},
	} {
		if _, ok := core.GateOf(c.policy); ok != c.want {
			t.Errorf("%s: got %t, want %t", name, ok, c.want)
		}
	}
}

func TestGateAllocatesNothing(t *testing.T) { //nolint:paralleltest // allocations are counted
	var notes []string
	a := noting{"a", nil, &notes}
	gate, _ := core.GateOf(silent{a})
	got := testing.AllocsPerRun(100, func() {
		var tickets core.Tickets
		err := gate.Admit(context.Background(), &tickets)
		gate.Done(&tickets, err)
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// silent is an Admitter that does nothing.
type silent struct{ core.Admitter }

func (silent) Admit(context.Context) (core.Ticket, error) { return core.Ticket{}, nil }
func (silent) Done(core.Ticket, error)                    {}
