package health_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/health"
)

func TestGateOpensOnStartAndDrainsOnStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := health.New("app", health.Config{})
		if err != nil {
			t.Fatal(err)
		}
		gate := r.Gate(5 * time.Second)
		steps := []struct {
			name string
			do   func(context.Context) error
			want health.State
			took time.Duration
		}{
			{"stop before start", gate.Stop, health.Draining, 0},
			{"start", gate.Start, health.Ready, 0},
			{"stop", gate.Stop, health.Draining, 5 * time.Second},
			{"stop again", gate.Stop, health.Draining, 0},
			{"start again", gate.Start, health.Ready, 0},
			{"stop after the registry", func(ctx context.Context) error {
				r.SetState(health.Stopped)
				return gate.Stop(ctx)
			}, health.Stopped, 0},
		}
		for _, s := range steps {
			begin := time.Now()
			if err := s.do(t.Context()); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
			if got := r.State(); got != s.want {
				t.Errorf("%s: state %v, want %v", s.name, got, s.want)
			}
			if got := time.Since(begin); got != s.took {
				t.Errorf("%s took %v, want %v", s.name, got, s.took)
			}
		}
	})
}

func TestGateStopsWaitingWhenTheBudgetEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := health.New("app", health.Config{})
		if err != nil {
			t.Fatal(err)
		}
		gate := r.Gate(time.Minute)
		_ = gate.Start(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_ = gate.Stop(ctx)
		if got := time.Since(begin); got != time.Second {
			t.Errorf("Stop took %v, want 1s", got)
		}
	})
}
