package health_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

func TestAddAfterStartRunsTheCheckAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t)
		r.SetState(health.Ready)
		start(t, r)
		add(t, r, health.Readiness, "late", up)
		expect(t, r, health.Readiness, health.Down)
		synctest.Wait()
		expect(t, r, health.Readiness, health.Up)
	})
}

func TestAddRefusesABadCheck(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	add(t, r, health.Readiness, "db", up)
	for name, c := range map[string]struct {
		check health.Check
		want  string
	}{
		"no name":       {health.Check{Run: up}, `health: "app": Check.Name must not be empty, got ""`},
		"long name":     {health.Check{Name: strings.Repeat("x", 129), Run: up}, "Check.Name must have at most 128 bytes"},
		"no function":   {health.Check{Name: "x"}, `health: "app": Check.Run must not be nil, got "x"`},
		"unknown group": {health.Check{Name: "x", Group: 3, Run: up}, "Check.Group must be Readiness, Liveness or Startup, got 3"},
		"negative times": {
			health.Check{Name: "x", Run: up, Interval: -1, Timeout: -1},
			"Check.Interval must not be negative, got -1ns; Check.Timeout must not be negative, got -1ns",
		},
		"timeout above its interval": {
			health.Check{Name: "x", Run: up, Interval: time.Second, Timeout: 2 * time.Second},
			"Check.Timeout must not be above the interval, which is 1s, got 2s",
		},
		"timeout above the registry's interval": {
			health.Check{Name: "x", Run: up, Timeout: time.Minute},
			"Check.Timeout must not be above the interval, which is 10s, got 1m0s",
		},
		"negative thresholds": {
			health.Check{Name: "x", Run: up, FailureThreshold: -1, SuccessThreshold: -1},
			"Check.FailureThreshold must not be negative, got -1; Check.SuccessThreshold must not be negative, got -1",
		},
		"same name": {health.Check{Name: "db", Run: up}, `health: "app": a readiness check "db" exists`},
	} {
		err := r.Add(c.check)
		if err == nil || !strings.Contains(err.Error(), c.want) || core.ErrorType(err) != core.TypeInvalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheNumberOfChecksIsBounded(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	for i := range 128 {
		add(t, r, health.Readiness, fmt.Sprint(i), up)
	}
	err := r.Add(health.Check{Name: "one more", Run: up})
	if err == nil || err.Error() != `health: "app": no room for check "one more" beside 128: invalid` {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesABadConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		name string
		cfg  health.Config
		want string
	}{
		"no name":                {"", health.Config{}, `health: "": name must not be empty`},
		"negative interval":      {"app", health.Config{Interval: -1}, `health: "app": Interval must not be negative, got -1ns`},
		"negative timeout":       {"app", health.Config{Timeout: -1}, "Timeout must not be negative, got -1ns"},
		"timeout above interval": {"app", health.Config{Interval: 1, Timeout: 2}, "Timeout must not be above Interval, which is 1ns, got 2ns"},
		"timeout above default":  {"app", health.Config{Timeout: time.Minute}, "Timeout must not be above Interval, which is 10s, got 1m0s"},
	} {
		r, err := health.New(c.name, c.cfg)
		if r != nil || err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: got %v, %v", name, r, err)
		}
	}
	if _, err := health.New("app", health.Config{Interval: time.Second}); err != nil {
		t.Errorf("an interval below the default timeout: %v", err)
	}
}

func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	r, err := health.New("app", health.Config{Interval: 100 * time.Microsecond},
		health.WithOnChange(func(health.Change) {}))
	if err != nil {
		t.Fatal(err)
	}
	var workers sync.WaitGroup
	for i := range 8 {
		workers.Go(func() {
			for j := range 10 {
				_ = r.Start(t.Context())
				_ = r.Add(health.Check{Group: health.Group(j % 3), Name: fmt.Sprint(i, j), Run: []func(context.Context) error{up, down}[j%2]})
				r.SetState(health.State(j % 4))
				r.Report(health.Group(j % 3))
				r.Changes()
				if err := r.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
}
