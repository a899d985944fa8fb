package sched_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/sched"
)

// journal notes what ran.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) add(entry string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.entries, " ")
}

// task notes its name and fails with errs in turn, then succeeds.
func (j *journal) task(name string, errs ...error) core.Task {
	var mu sync.Mutex
	return func(context.Context) error {
		j.add(name)
		mu.Lock()
		defer mu.Unlock()
		if len(errs) == 0 {
			return nil
		}
		err := errs[0]
		errs = errs[1:]
		return err
	}
}

// step is a step with an undo.
func (j *journal) step(name string, errs ...error) sched.Step {
	return sched.Step{Name: name, Do: j.task(name, errs...), Undo: j.task("-" + name)}
}

func newChain(t testing.TB, cfg sched.ChainConfig, steps []sched.Step, opts ...sched.Option) *sched.Chain {
	t.Helper()
	c, err := sched.NewChain("order", cfg, steps, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestActionsSayHowAChainGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		onSuccess, onError sched.Action // of b, between a and c
		errs               []error      // of b
		want               string
		fails              bool
	}{
		"by default a success goes on":                  {want: "a b c"},
		"by default a failure stops and undoes":         {errs: []error{errStep}, want: "a b -a", fails: true},
		"a success may continue":                        {onSuccess: sched.Continue(), want: "a b c"},
		"a success may stop, which is success":          {onSuccess: sched.Stop(), want: "a b"},
		"a success may jump forward":                    {onSuccess: sched.Jump("d"), want: "a b d"},
		"a failure may continue":                        {onError: sched.Continue(), errs: []error{errStep}, want: "a b c"},
		"a failure may stop":                            {onError: sched.Stop(), errs: []error{errStep}, want: "a b -a", fails: true},
		"a failure may jump forward":                    {onError: sched.Jump("d"), errs: []error{errStep}, want: "a b d"},
		"a failure may jump back":                       {onError: sched.Jump("a"), errs: []error{errStep}, want: "a b a b c"},
		"a failure may jump to itself":                  {onError: sched.Jump("b"), errs: []error{errStep, errStep}, want: "a b b b c"},
		"a failure may be retried":                      {onError: sched.Retry(2, 0), errs: []error{errStep, errStep}, want: "a b b b c"},
		"a retry in vain stops":                         {onError: sched.Retry(1, 0), errs: []error{errStep, errStep}, want: "a b b -a", fails: true},
		"no retry at all is a stop":                     {onError: sched.Retry(0, 0), errs: []error{errStep}, want: "a b -a", fails: true},
		"a retry in vain may continue":                  {onError: sched.Retry(1, 0).Then(sched.Continue()), errs: []error{errStep, errStep}, want: "a b b c"},
		"a retry in vain may jump":                      {onError: sched.Retry(1, 0).Then(sched.Jump("d")), errs: []error{errStep, errStep}, want: "a b b d"},
		"a retry may follow a retry, and others follow": {onError: sched.Retry(1, 0).Then(sched.Retry(1, 0)).Then(sched.Continue()), errs: []error{errStep, errStep, errStep}, want: "a b b b c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			b := j.step("b", c.errs...)
			b.OnSuccess, b.OnError = c.onSuccess, c.onError
			third := j.step("c")
			third.OnSuccess = sched.Stop()
			chain := newChain(t, sched.ChainConfig{}, []sched.Step{j.step("a"), b, third, j.step("d")})
			err := chain.Run(t.Context())
			if got := j.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if errors.Is(err, errStep) != c.fails || (err != nil) != c.fails {
				t.Errorf("got %v, want failure: %v", err, c.fails)
			}
		})
	}
}

func TestAPanicOrAnEndOfTheGoroutineIsAnErrorOfTheStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func()
		want string
	}{
		"a panic":      {func() { panic("no card") }, `sched: chain "order" failed at step "b": core: task panicked: no card; undone: a`},
		"a Goexit":     {runtime.Goexit, `sched: chain "order" failed at step "b": core: task ended its goroutine; undone: a`},
		"an error too": {func() { panic(errStep) }, `sched: chain "order" failed at step "b": core: task panicked: declined; undone: a`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			b := sched.Step{Name: "b", Do: func(context.Context) error { c.do(); return nil }}
			err := newChain(t, sched.ChainConfig{}, []sched.Step{j.step("a"), b}).Run(t.Context())
			if got := fmt.Sprint(err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := core.ErrorType(err); got != core.TypePanic {
				t.Errorf("got type %s, want panic", got)
			}
			b.OnError = sched.Retry(1, 0).Then(sched.Continue())
			if err := newChain(t, sched.ChainConfig{}, []sched.Step{j.step("a"), b}).Run(t.Context()); err != nil {
				t.Errorf("got %v, want to go on", err)
			}
		})
	}
}

func TestChainEndsWithItsContext(t *testing.T) {
	t.Parallel()
	gone := errors.New("the shop closes")
	for name, c := range map[string]struct {
		at   time.Duration
		want string // what ran
		text string
	}{
		"before the first step":             {0, "", `sched: chain "order" failed at step "a": the shop closes`},
		"between steps":                     {500 * time.Millisecond, "a -a", `sched: chain "order" failed at step "b": the shop closes; undone: a`},
		"in the delay before a retry":       {3 * time.Second, "a b -a", `sched: chain "order" failed at step "b": declined, and was not tried again: the shop closes; undone: a`},
		"in the last step, which succeeded": {12 * time.Second, "a b b c", "<nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				slow := func(name string, errs ...error) sched.Step {
					s := j.step(name)
					do := j.task(name, errs...)
					s.Do = func(ctx context.Context) error { <-time.After(time.Second); return do(ctx) }
					s.Undo = func(ctx context.Context) error {
						j.add("-" + name)
						return ctx.Err()
					}
					return s
				}
				b, last := slow("b", errStep), slow("c")
				b.OnError = sched.Retry(1, 5*time.Second).Then(sched.Continue())
				last.Do = func(context.Context) error { <-time.After(10 * time.Second); j.add("c"); return nil }
				chain := newChain(t, sched.ChainConfig{}, []sched.Step{slow("a"), b, last})
				time.AfterFunc(c.at, func() { cancel(gone) })
				if c.at == 0 {
					cancel(gone)
				}
				err := chain.Run(ctx)
				if got := j.String(); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				if got := fmt.Sprint(err); got != c.text {
					t.Errorf("got %q, want %q", got, c.text)
				}
				if err != nil && !errors.Is(err, gone) {
					t.Errorf("%v does not match the cause", err)
				}
			})
		})
	}
}

func TestRetryWaitsItsDelayBeforeEachAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, at := time.Now(), []time.Duration{}
		a := sched.Step{Name: "a", OnError: sched.Retry(2, time.Second).Then(sched.Retry(1, time.Minute)), Do: func(context.Context) error {
			at = append(at, time.Since(start))
			return errStep
		}}
		chain := newChain(t, sched.ChainConfig{}, []sched.Step{a})
		if err := chain.Run(t.Context()); !errors.Is(err, errStep) {
			t.Errorf("got %v", err)
		}
		if want := []time.Duration{0, time.Second, 2 * time.Second, 62 * time.Second}; !slices.Equal(at, want) {
			t.Errorf("attempts at %v, want %v", at, want)
		}
		if got, want := chain.Stats()[0], (sched.StepStats{Step: "a", Failures: 1, Retries: 3}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestALoopOfJumpsIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  sched.ChainConfig
		runs int64
	}{
		"by default":  {sched.ChainConfig{}, 1000},
		"by MaxSteps": {sched.ChainConfig{MaxSteps: 7}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			a := j.step("a")
			a.OnSuccess = sched.Jump("a")
			chain := newChain(t, c.cfg, []sched.Step{a, j.step("b")})
			err := chain.Run(t.Context())
			if want := fmt.Sprintf(`sched: chain "order" failed at step "a": the chain has run %d steps, its MaxSteps; undone: a`, c.runs); !strings.HasPrefix(fmt.Sprint(err), want) {
				t.Errorf("got %q, want %q", err, want)
			}
			if got := chain.Stats()[0]; got.Successes != c.runs || got.Undone != c.runs {
				t.Errorf("got %+v, want %d of each", got, c.runs)
			}
		})
	}
}

func TestChainsNest(t *testing.T) {
	t.Parallel()
	j := &journal{}
	inner := newChain(t, sched.ChainConfig{}, []sched.Step{j.step("a"), j.step("b", errStep)})
	outer := newChain(t, sched.ChainConfig{}, []sched.Step{j.step("x"), {Name: "inner", Do: inner.Run}})
	err := outer.Run(t.Context())
	if got, want := j.String(), "x a b -a -x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := `sched: chain "order" failed at step "inner": sched: chain "order" failed at step "b": declined; undone: a; undone: x`; fmt.Sprint(err) != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestChainRunsAtTheSameTime(t *testing.T) {
	t.Parallel()
	const runs, workers = 200, 8
	var held atomic.Int64
	type turn struct{}
	steps := []sched.Step{
		{Name: "reserve", Do: func(context.Context) error { held.Add(1); return nil }, Undo: func(context.Context) error { held.Add(-1); return nil }},
		{Name: "charge", Do: func(ctx context.Context) error {
			if ctx.Value(turn{}).(int)%2 == 1 {
				return errStep
			}
			return nil
		}},
	}
	chain := newChain(t, sched.ChainConfig{}, steps)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for n := range runs {
				if err := chain.Run(context.WithValue(t.Context(), turn{}, n)); (err != nil) != (n%2 == 1) {
					t.Errorf("run %d: got %v", n, err)
				}
			}
		})
	}
	all.Wait()
	if got, want := held.Load(), int64(runs*workers/2); got != want {
		t.Errorf("%d held, want %d", got, want)
	}
	if got := chain.Stats()[1]; got.Failures != runs*workers/2 || got.Successes != runs*workers/2 {
		t.Errorf("got %+v", got)
	}
}

func TestChainPrintsItself(t *testing.T) {
	t.Parallel()
	j := &journal{}
	chain := newChain(t, sched.ChainConfig{}, []sched.Step{j.step("a"), j.step("b")})
	if got, want := chain.String(), `chain "order": 2 steps`; got != want || chain.Name() != "order" {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := sched.Retry(2, time.Second).Then(sched.Jump("b")).String(), `retry 2 times after 1s, then jump to "b"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
