package sched_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/sched"
)

func TestAPoolsCheckIsDegradedWhileItsQueueStaysFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, sched.PoolConfig{MinWorkers: 1, MaxWorkers: 1, Queue: 10})
		check, err := sched.PoolCheck(p, 0.8)
		if err != nil {
			t.Fatal(err)
		}
		registry, err := health.New("app", health.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(registry.Add(check), registry.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		blocked := make(chan struct{})
		wait := func(context.Context) error { <-blocked; return nil }
		for range 9 {
			submit(t, p, wait)
		}
		synctest.Wait()
		for at, want := range []health.Status{health.Up, health.Up, health.Up, health.Degraded} {
			if got := registry.Report(health.Readiness).Checks[0]; got.Status != want || at > 0 && got.Error != "8 tasks wait of 10, 1 of 1 workers run one" {
				t.Errorf("after %d runs with a full queue %+v, want %s", at, got, want)
			}
			<-time.After(10 * time.Second)
			synctest.Wait()
		}
		close(blocked)
		<-time.After(10 * time.Second)
		synctest.Wait()
		if got := registry.Report(health.Readiness).Checks[0]; got.Status != health.Up {
			t.Errorf("with an empty queue %+v", got)
		}
		if err := registry.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAPoolsCheckRefusesABadShare(t *testing.T) {
	t.Parallel()
	p := newPool(t, sched.PoolConfig{})
	for _, share := range []float64{0, -1, 1.1, math.NaN()} {
		if _, err := sched.PoolCheck(p, share); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("share %v: got %v", share, err)
		}
	}
}

func ExamplePoolCheck() {
	pool, err := sched.NewPool("images", sched.PoolConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	check, err := sched.PoolCheck(pool, 0.9)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(check.Name, check.Run(context.Background()))
	fmt.Println(pool.Stop(context.Background()))
	// Output:
	// pool images <nil>
	// <nil>
}
