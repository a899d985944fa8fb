package sched_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/sched"
)

// modelAction is an action as the model reads it.
type modelAction struct {
	verb  string // "", continue, stop, jump or retry
	to    int
	n     int
	delay time.Duration
	then  *modelAction
}

func (a modelAction) real() sched.Action {
	action := map[string]sched.Action{
		"continue": sched.Continue(), "stop": sched.Stop(),
		"jump": sched.Jump(stepName(a.to)), "retry": sched.Retry(a.n, a.delay),
	}[a.verb]
	if a.then != nil {
		action = action.Then(a.then.real())
	}
	return action
}

// modelStep is a step whose attempts fail by script, over and over.
type modelStep struct {
	script              []bool
	undoable, undoFails bool
	onSuccess, onError  modelAction
	attempts            int
	stats               sched.StepStats
}

func stepName(i int) string { return string(rune('a' + i)) }

// chainModel runs a chain the obvious way, on a clock of its own.
type chainModel struct {
	steps    []modelStep
	maxSteps int
	end      time.Duration // when the caller's context ends

	now       time.Duration
	log       []string
	succeeded []int
	failed    string // the step
	ended     bool   // because the context has
	undone    []string
	spoiled   int // undos that failed
}

// attempt takes a second.
func (m *chainModel) attempt(i int) bool {
	s := &m.steps[i]
	m.log = append(m.log, fmt.Sprintf("%v do %s", m.now, stepName(i)))
	m.now += time.Second
	s.attempts++
	return s.script[(s.attempts-1)%len(s.script)]
}

// step runs a step and says what comes next, and whether the step has succeeded.
func (m *chainModel) step(i int) (next modelAction, ok bool) {
	s := &m.steps[i]
	ok = m.attempt(i)
	next = s.onError
	for !ok && next.verb == "retry" {
		for range next.n {
			if m.now = min(m.now+next.delay, max(m.now, m.end)); m.now >= m.end {
				m.ended = true
				return modelAction{verb: "stop"}, false
			}
			s.stats.Retries++
			if ok = m.attempt(i); ok {
				break
			}
		}
		if next.then == nil {
			next = modelAction{verb: "stop"}
		} else {
			next = *next.then
		}
	}
	if ok {
		return s.onSuccess, true
	}
	return next, false
}

func (m *chainModel) run() {
	runs := 0
	for i := 0; i < len(m.steps); runs++ {
		if m.now >= m.end || runs == m.maxSteps {
			m.ended = m.now >= m.end
			m.fail(i)
			return
		}
		next, ok := m.step(i)
		if ok {
			m.steps[i].stats.Successes++
			m.succeeded = append(m.succeeded, i)
		} else {
			m.steps[i].stats.Failures++
		}
		switch {
		case next.verb == "jump":
			i = next.to
		case next.verb == "continue", next.verb == "" && ok:
			i++
		case ok:
			return
		default:
			m.fail(i)
			return
		}
	}
}

func (m *chainModel) fail(at int) {
	m.failed = stepName(at)
	for len(m.succeeded) > 0 {
		i := m.succeeded[len(m.succeeded)-1]
		m.succeeded = m.succeeded[:len(m.succeeded)-1]
		s := &m.steps[i]
		if !s.undoable {
			continue
		}
		m.log = append(m.log, fmt.Sprintf("%v undo %s", m.now, stepName(i)))
		if s.undoFails {
			s.stats.UndoFailed++
			m.spoiled++
			continue
		}
		s.stats.Undone++
		m.undone = append(m.undone, stepName(i))
	}
}

// drawAction draws an action; a retry only where it may stand.
func drawAction(t *rapid.T, label string, steps int, verbs ...string) modelAction {
	a := modelAction{verb: rapid.SampledFrom(verbs).Draw(t, label)}
	switch a.verb {
	case "jump":
		a.to = rapid.IntRange(0, steps-1).Draw(t, label+" to")
	case "retry":
		a.n = rapid.IntRange(0, 3).Draw(t, label+" attempts")
		a.delay = time.Duration(rapid.IntRange(0, 5).Draw(t, label+" delay")) * time.Second
		if rapid.Bool().Draw(t, label+" more") {
			then := drawAction(t, label+" then", steps, verbs...)
			a.then = &then
		}
	}
	return a
}

func drawChain(t *rapid.T) *chainModel {
	n := rapid.IntRange(1, 6).Draw(t, "steps")
	m := &chainModel{maxSteps: rapid.IntRange(n, 20).Draw(t, "max steps"), end: time.Hour}
	if rapid.Bool().Draw(t, "ends") { // never at the same time as anything else
		m.end = time.Duration(rapid.IntRange(0, 20).Draw(t, "end"))*time.Second + time.Second/2
	}
	for i := range n {
		m.steps = append(m.steps, modelStep{
			script:    rapid.SliceOfN(rapid.Bool(), 1, 4).Draw(t, "script"),
			undoable:  rapid.IntRange(0, 3).Draw(t, "undoable") > 0,
			undoFails: rapid.IntRange(0, 3).Draw(t, "undo fails") == 0,
			onSuccess: drawAction(t, "on success", n, "", "", "", "continue", "stop", "jump"),
			onError:   drawAction(t, "on error", n, "", "continue", "stop", "jump", "retry", "retry"),
			stats:     sched.StepStats{Step: stepName(i)},
		})
	}
	return m
}

// chainRun is what a real chain does, beside its model.
type chainRun struct {
	start time.Time
	log   []string
}

var (
	errStep = errors.New("declined")
	errUndo = errors.New("gone")
)

func (r *chainRun) note(verb string, i int) {
	r.log = append(r.log, fmt.Sprintf("%v %s %s", time.Since(r.start), verb, stepName(i)))
}

func (r *chainRun) steps(m *chainModel) []sched.Step {
	steps := make([]sched.Step, len(m.steps))
	for i, s := range m.steps {
		attempts := 0
		steps[i] = sched.Step{
			Name: stepName(i), OnSuccess: s.onSuccess.real(), OnError: s.onError.real(),
			Do: func(context.Context) error {
				r.note("do", i)
				<-time.After(time.Second)
				attempts++
				if !s.script[(attempts-1)%len(s.script)] {
					return errStep
				}
				return nil
			},
		}
		if s.undoable {
			steps[i].Undo = func(ctx context.Context) error {
				r.note("undo", i)
				if s.undoFails {
					return errUndo
				}
				return ctx.Err()
			}
		}
	}
	return steps
}

func checkChain(t *rapid.T, m *chainModel) {
	run := &chainRun{start: time.Now()}
	chain, err := sched.NewChain("order", sched.ChainConfig{MaxSteps: m.maxSteps}, run.steps(m))
	if err != nil {
		t.Fatal(err)
	}
	defer chain.Close()
	ctx, cancel := context.WithTimeout(context.Background(), m.end)
	defer cancel()
	err = chain.Run(ctx)
	m.run()
	if !slices.Equal(run.log, m.log) {
		t.Fatalf("got  %v\nwant %v", run.log, m.log)
	}
	checkChainError(t, m, err)
	for i, got := range chain.Stats() {
		if want := m.steps[i].stats; got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

func checkChainError(t *rapid.T, m *chainModel, err error) {
	if m.failed == "" {
		if err != nil {
			t.Fatalf("got %v, want success", err)
		}
		return
	}
	failed, ok := errors.AsType[*sched.ChainError](err)
	if !ok {
		t.Fatalf("got %v, want a ChainError", err)
	}
	if failed.Step != m.failed || !slices.Equal(failed.Undone, m.undone) || (failed.UndoErr != nil) != (m.spoiled > 0) {
		t.Fatalf("got %+v, want failure at %s, undone %v, not undone %d", failed, m.failed, m.undone, m.spoiled)
	}
	if got := errors.Is(err, context.DeadlineExceeded); got != m.ended {
		t.Fatalf("%v: ended by the context is %v, want %v", err, got, m.ended)
	}
}

func TestChainEqualsAModelThatInterpretsIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		m := drawChain(r)
		var stopped any // rapid ends a case by a panic
		synctest.Test(t, func(*testing.T) {
			defer func() { stopped = recover() }()
			checkChain(r, m)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}
