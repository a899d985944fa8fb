package flowadmin

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/goflow-go/goflow/core"
)

// Named is what every engine of this module has: the name it was made with, and a line that says how it
// is set or stands. Neither blocks.
type Named interface {
	Name() string
	String() string
}

// Described makes an [Engine] of one that is only looked at, as a resilience.Retry (kind "retry"), a
// sched.Chain ("chain") or a lease.Locker ("lease"). The kind is as in the names of its metrics: that of
// goflow.KIND.name.
func Described(kind string, e Named) Engine { return described(kind, e, nil) }

// described makes an engine whose state is its line, and what more says.
func described(kind string, e Named, more func() []Field, actions ...Action) Engine {
	return Engine{Kind: kind, Name: e.Name(), Actions: actions, State: func() []Field {
		fields := []Field{{"summary", e.String()}}
		if more != nil {
			fields = append(fields, more()...)
		}
		return fields
	}}
}

// field makes a field of a number or what else prints as people read it.
func field(name string, value any) Field { return Field{name, fmt.Sprint(value)} }

// setting makes an action that sets one thing. read reads what an operator typed, now gives what is in
// force, and set puts what was read in force.
func setting[T any](name, text string, read func(string) (T, error), now func() string, set func(context.Context, T) error) Action {
	return Action{
		Name: "set_" + name, Text: "Set the " + name,
		Params: []Param{{Name: name, Text: text, Current: now}},
		Do: func(ctx context.Context, args map[string]string) (string, error) {
			value, err := read(args[name])
			if err != nil {
				return "", unreadable(name, args[name], err)
			}
			before := now()
			if err := set(ctx, value); err != nil {
				return "", err
			}
			return changed(name, before, now()), nil
		},
	}
}

// changed says what has changed from what to what.
func changed(what, from, to string) string { return fmt.Sprintf("%s %s -> %s", what, from, to) }

// unreadable is the error of an argument that cannot be read.
func unreadable(param, value string, err error) error {
	return fmt.Errorf("flowadmin: %s %q is %w: %w", param, clip(value), core.ErrInvalid, err)
}

// whole reads a whole number.
func whole(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, errors.New("want a whole number, as in 20")
	}
	return n, nil
}

// maxText is how much of a text that others wrote is shown.
const maxText = 200

func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "..."
	}
	return s
}
