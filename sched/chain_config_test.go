package sched_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

func TestNewChainNamesEveryFault(t *testing.T) {
	t.Parallel()
	do := func(context.Context) error { return nil }
	one := []sched.Step{{Name: "a", Do: do}}
	for name, c := range map[string]struct {
		chain string
		cfg   sched.ChainConfig
		steps []sched.Step
		want  []string
	}{
		"no name":         {"", sched.ChainConfig{}, one, []string{`sched: "": name must not be empty`}},
		"no steps":        {"order", sched.ChainConfig{}, nil, []string{`sched: "order": steps must be at least 1, got 0`}},
		"a wrong config":  {"order", sched.ChainConfig{MaxSteps: -1, UndoTimeout: -1}, one, []string{"MaxSteps must not be negative, got -1", "UndoTimeout must not be negative, got -1ns"}},
		"too few steps":   {"order", sched.ChainConfig{MaxSteps: 1}, append(one, sched.Step{Name: "b", Do: do}), []string{"MaxSteps must be at least the number of steps, 2, got 1"}},
		"names":           {"order", sched.ChainConfig{}, []sched.Step{{Do: do}, {Name: strings.Repeat("n", 129), Do: do}, {Name: "a\xff", Do: do}}, []string{"steps[0].Name must not be empty", "steps[1].Name must have at most 128 bytes", "steps[2].Name must be UTF-8"}},
		"a name twice":    {"order", sched.ChainConfig{}, append(one, one...), []string{`steps[1].Name must not be that of steps[0], got "a"`}},
		"nothing to do":   {"order", sched.ChainConfig{}, []sched.Step{{Name: "a"}, {}}, []string{"a.Do must be set", "steps[1].Do must be set"}},
		"a jump nowhere":  {"order", sched.ChainConfig{}, []sched.Step{{Name: "a", Do: do, OnSuccess: sched.Jump("b"), OnError: sched.Retry(1, 0).Then(sched.Jump(""))}}, []string{`a.OnSuccess must jump to a step of the chain, got jump to "b"`, `a.OnError must jump to a step of the chain, got jump to ""`}},
		"wrong retries":   {"order", sched.ChainConfig{}, []sched.Step{{Name: "a", Do: do, OnSuccess: sched.Retry(1, 0), OnError: sched.Retry(-1, -time.Second)}}, []string{"a.OnSuccess must not be a retry", "a.OnError must not retry a negative number of times", "a.OnError must not retry after a negative delay, got retry -1 times after -1s"}},
		"after no retry":  {"order", sched.ChainConfig{}, []sched.Step{{Name: "a", Do: do, OnError: sched.Stop().Then(sched.Continue())}}, []string{"a.OnError must not have an action after one that is no retry, got stop, then continue"}},
		"after a default": {"order", sched.ChainConfig{}, []sched.Step{{Name: "a", Do: do, OnError: sched.Action{}.Then(sched.Continue())}}, []string{"a.OnError must not have an action after one that is no retry, got default, then continue"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sched.NewChain(c.chain, c.cfg, c.steps)
			if !errors.Is(err, core.ErrInvalid) || core.ErrorType(err) != core.TypeInvalid {
				t.Fatalf("got %v, want an invalid config", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
		})
	}
}
