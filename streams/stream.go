package streams

import (
	"context"
	"errors"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// Stream is a source of items and the steps they go through. It is a value: making one runs nothing,
// and each step gives a new one. It runs, from its source on, whenever a terminal operation such as
// [Stream.ForEach] is called, in that call. The zero Stream is empty.
//
// A Stream is safe for concurrent use if its source is: two runs of one over a slice are independent,
// two over a channel share what comes.
type Stream[T any] struct {
	run   runner[T]
	trait trait
	next  settings[T]
	from  origins[T]
}

// runner moves chunks: it calls emit with slices that are valid during the call, and that emit must
// not change. The first error of emit ends it and is returned as it is.
type runner[T any] func(ctx context.Context, r *run, emit func([]T) error) error

// trait is what holds for a stream and for all that is derived from it.
type trait struct {
	name      string
	telemetry []telemetry.Option
	chunk     func() int // for tests: how long the next chunk may be; nil for the usual
	fault     error      // what is wrong with how it was made
}

// invalid notes a fault: the run fails with it, before it begins.
func (t trait) invalid(ok bool, field string, value any, want string) trait {
	var faults core.Faults
	faults.Require(ok, field, value, want)
	if err := faults.Err(); err != nil {
		t.fault = errors.Join(t.fault, err)
	}
	return t
}

// settings is what was said about the next step that takes it.
type settings[T any] struct {
	stage      string
	workers    int
	unordered  bool
	key        func(T) uint64
	policies   []core.Policy
	skip       bool
	deadLetter func(ctx context.Context, item T, err error) error
	onDrop     func(items []T)
}

// pending names a setting that no step has taken yet; "" when there is none.
func (s *settings[T]) pending() string {
	switch {
	case s.key != nil:
		return "ParallelBy"
	case s.workers != 0:
		return "Parallel"
	case s.unordered:
		return "Unordered"
	case len(s.policies) > 0:
		return "WithPolicies"
	case s.deadLetter != nil:
		return "DeadLetter"
	case s.skip:
		return "SkipErrors"
	case s.onDrop != nil:
		return "OnDrop"
	}
	return ""
}

// source makes the Stream of a runner.
func source[T any](run runner[T]) Stream[T] { return Stream[T]{run: run} }

// stage takes the name of the step being added.
func (s *Stream[T]) stage(operator string) string {
	name := s.next.stage
	s.next.stage = ""
	if name == "" {
		name = operator
	}
	return name
}

// then adds a step to the same type: it hands the settings on.
func (s Stream[T]) then(run runner[T]) Stream[T] {
	return Stream[T]{run: run, trait: s.trait, next: s.next, from: s.from}
}

// require notes a fault unless ok.
func (s Stream[T]) require(ok bool, field string, value any, want string) Stream[T] {
	s.trait = s.trait.invalid(ok, field, value, want)
	return s
}

// derive adds a step to another type. A setting that it does not take is a fault.
func derive[T, U any](s Stream[T], stage string, run runner[U]) Stream[U] {
	if p := s.next.pending(); p != "" {
		s.trait = s.trait.invalid(false, p, stage, "must be followed by a step that takes it")
	}
	return Stream[U]{run: run, trait: s.trait}
}

// feed runs s into emit.
func (s Stream[T]) feed(ctx context.Context, r *run, emit func([]T) error) error {
	if s.run == nil {
		return nil
	}
	return s.run(ctx, r, emit)
}

// Named gives the stream a name: the subject of its errors, a pprof label of its goroutines, and
// what its telemetry is reported under. A stream without a name emits none. The last Named of a
// stream counts. The options say where the telemetry goes.
func (s Stream[T]) Named(name string, opts ...Option) Stream[T] {
	s.trait.name = name
	s.trait.telemetry = newOptions(opts).telemetry
	if err := core.Configure(pkg, name, nil); err != nil {
		s.trait.fault = errors.Join(s.trait.fault, err)
	}
	return s
}

// Stage names the next step, for errors and telemetry. Defaults to what the step does: "map",
// "filter".
func (s Stream[T]) Stage(name string) Stream[T] {
	s.trait = s.trait.invalid(name != "" && len(name) <= maxStage, "Stage", name, "must have 1 to 128 bytes")
	s.next.stage = name
	return s
}

// maxStage bounds the names of steps: they become metric attributes.
const maxStage = 128

// pkg is how this package's errors begin.
const pkg = "streams"

// execute is one run: what every terminal operation does.
func (s Stream[T]) execute(ctx context.Context, tune func(*run), emit func([]T) error) (err error) {
	t := s.trait
	if p := s.next.pending(); p != "" {
		t = t.invalid(false, p, "the end of the stream", "must be followed by a step that takes it")
	}
	if t.fault != nil {
		return invalid(t)
	}
	if err := ended(ctx); err != nil {
		return err
	}
	r := newRun(t)
	if tune != nil {
		tune(r)
	}
	ctx, finish := r.begin(ctx)
	err = core.ErrAborted // should a function end the goroutine
	defer func() {
		err = r.end(err)
		finish(err)
	}()
	err = s.feed(ctx, r, counted(r, emit))
	if r.after != nil {
		err = r.after(err)
	}
	if errors.Is(err, errStop) {
		err = nil
	}
	return err
}
