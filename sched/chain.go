package sched

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// Chain runs steps one after the other. After each, an [Action] says how to go on; when the chain
// fails, the steps that had succeeded are undone, the last one first. This is a saga (Garcia-Molina,
// Salem 1987) in one process: it does not survive the process.
//
// Its method Run is a core.Task, so a chain is scheduled, put on a pool, or made a step of another
// chain as any task is. A Chain has no state between runs; all methods are safe for concurrent use.
type Chain struct {
	name   string
	cfg    ChainConfig
	steps  []*step
	index  map[string]int // of steps, by name
	scope  *telemetry.Scope
	reader *telemetry.Registration
}

// NewChain makes a chain of steps, in the order they run. The name is its telemetry's and its errors'.
// A wrong config or step is an error that names every step and field at fault. Close it when it is no
// longer needed.
func NewChain(name string, cfg ChainConfig, steps []Step, opts ...Option) (*Chain, error) {
	invalid := cfg.Validate()
	if invalid == nil {
		invalid = validateSteps(cfg, steps)
	}
	if err := core.Configure(pkg, name, invalid); err != nil {
		return nil, err
	}
	c := &Chain{name: name, cfg: cfg.withDefaults(len(steps)), index: make(map[string]int, len(steps))}
	for i, s := range steps {
		c.steps = append(c.steps, newStep(name, s))
		c.index[s.Name] = i
	}
	c.scope = telemetry.NewScope(scopeName, newOptions(opts).telemetry...)
	c.reader = chains.Register(c.scope, (*chainReading)(c))
	return c, nil
}

// Name is the name the chain was made with.
func (c *Chain) Name() string { return c.name }

// Run runs the steps and blocks until the chain has ended and what had to be undone is. It fails with a
// [*ChainError], which matches the error of the step that failed it. Each attempt of a step runs in a
// goroutine of its own, so a panic, or the end of that goroutine, is an error of the step like any
// other.
//
// When ctx ends, no further step or attempt begins, and the chain fails with the cause of ctx. The undo
// of each step that had succeeded then runs, once for each time the step did, under the values of ctx
// without its end, all of them within ChainConfig.UndoTimeout; one that fails does not keep the others
// from being tried.
func (c *Chain) Run(ctx context.Context) (err error) {
	telemetry.Labeled(ctx, "chain", c.name, func(ctx context.Context) {
		r := chainRun{chain: c, ended: make(chan error, 1)}
		err = r.run(ctx)
	})
	return err
}

// Close takes the chain out of telemetry; its counts stay in its kind's totals. It goes on working, but
// is not counted there. It is idempotent.
func (c *Chain) Close() { c.reader.Close() }

// String gives the name and the number of steps.
func (c *Chain) String() string { return fmt.Sprintf("chain %q: %d steps", c.name, len(c.steps)) }
