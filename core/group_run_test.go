package core_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
)

func TestGroupRunStopsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, a, b, c := three()
		g := newGroup(t, a, b, c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		a.stop = func(ctx context.Context) error { return ctx.Err() } // it still has time
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
		d.expect(t, "start a", "start b", "start c", "stop c", "stop b", "stop a")
	})
}

func TestGroupRunStopsAllWhenAMemberFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, a, b, c := three()
		b.failed, c.failed, c.stop = make(chan error, 1), make(chan error), boom
		g := newGroup(t, a, b, c)
		time.AfterFunc(time.Minute, func() { b.failed <- errFirst })
		err := g.Run(t.Context())
		if expectError(t, err, `core: group "app": "b": first`, `stop "c": core: task panicked: boom`); !errors.Is(err, errFirst) {
			t.Errorf("%v is not the member's failure", err)
		}
		d.expect(t, "start a", "start b", "start c", "stop c", "stop b", "stop a")
	})
}

func TestGroupRunReturnsTheFailureToStart(t *testing.T) {
	t.Parallel()
	_, a, _, _ := three()
	a.start = first
	if err := newGroup(t, a).Run(t.Context()); !errors.Is(err, errFirst) {
		t.Errorf("got %v", err)
	}
}

func TestGroupRunBoundsTheStopping(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ timeout, want time.Duration }{
		"by default": {0, 30 * time.Second}, "as configured": {time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, a, b, _ := three()
				a.stop = untilEnd
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				check := func(step string, run func(context.Context) error) {
					start := time.Now()
					if err := run(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != c.want {
						t.Errorf("%s: after %v: %v", step, time.Since(start), err)
					}
				}
				ran, err := core.NewGroup("ran", core.GroupConfig{StopTimeout: c.timeout}, members(a)...)
				if err != nil {
					t.Fatal(err)
				}
				check("run", ran.Run)
				b.start = first
				failed, err := core.NewGroup("failed", core.GroupConfig{StopTimeout: c.timeout}, members(a, b)...)
				if err != nil {
					t.Fatal(err)
				}
				check("failed start", failed.Start)
			})
		})
	}
}

func TestGroupRunReportsAFailureAtTheEndOfItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 50 { // a select between two ready channels would lose one of these
			_, a, _, _ := three()
			a.failed = make(chan error, 1)
			g := newGroup(t, a)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, func() { a.failed <- errFirst; cancel() })
			if err := g.Run(ctx); !errors.Is(err, errFirst) {
				t.Fatalf("got %v", err)
			}
		}
	})
}

func TestGroupFailedGivesTheFirstFailureOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, a, b, c := three()
		a.failed, b.failed, c.failed = make(chan error, 1), make(chan error, 1), make(chan error)
		g := newGroup(t, a, b, c)
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		close(c.failed) // it will not fail any more: no failure
		synctest.Wait()
		b.failed <- errFirst
		synctest.Wait()
		a.failed <- errors.New("second")
		synctest.Wait()
		expectError(t, <-g.Failed(), `"b": first`)
		select {
		case err := <-g.Failed():
			t.Errorf("a second failure: %v", err)
		default:
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestGroupStartedAgainForgetsTheFailureOfBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := true
		loop := core.Background("worker", func(ctx context.Context) error {
			if fail {
				return errFirst
			}
			<-ctx.Done()
			return nil
		})
		g, err := core.NewGroup("app", core.GroupConfig{}, core.Member{Name: "loop", Service: loop})
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the failure is in Failed, and nobody reads it
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		fail = false
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := g.Run(ctx); err != nil {
			t.Errorf("a failure of before: %v", err)
		}
	})
}
