package health_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/health"
)

// hostile is an error that cannot be compared with another.
type hostile struct{}

func (hostile) Error() string { return "hostile" }
func (hostile) Is(error) bool { panic("no") }

func TestADegradedCheckFailsNoProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		r := newRegistry(t, health.WithOnChange(func(c health.Change) { told = append(told, line(c)) }))
		r.SetState(health.Ready)
		runs := 0
		for _, group := range []health.Group{health.Readiness, health.Liveness} {
			add(t, r, group, "mirror", func(context.Context) error { return health.Degradedf("1 of 2 copies") })
		}
		add(t, r, health.Startup, "mirror", func(context.Context) error { runs++; return health.Degradedf("1 of 2 copies") })
		start(t, r)
		<-time.After(time.Minute)
		for _, group := range []health.Group{health.Readiness, health.Liveness, health.Startup} {
			report := expect(t, r, group, health.Up)
			if got := report.Checks[0]; report.Degraded != 1 || got.Status != health.Degraded || got.Error != "1 of 2 copies" || got.Failures != 0 {
				t.Errorf("%s: %d degraded, %+v", group, report.Degraded, got)
			}
		}
		if runs != 1 {
			t.Errorf("the startup check ran %d times, want once: degraded is good enough", runs)
		}
		if len(told) != 4 || told[0] != "  starting>ready " {
			t.Errorf("told %q", told)
		}
	})
}

func TestWhatAnErrorOfACheckMeans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run  func(context.Context) error
		want health.Status
		text string
	}{
		"nothing":              {up, health.Up, ""},
		"an error":             {down, health.Down, "no connection"},
		"ErrDegraded":          {func(context.Context) error { return health.ErrDegraded }, health.Degraded, "degraded"},
		"one that wraps it":    {func(context.Context) error { return fmt.Errorf("slow: %w", health.ErrDegraded) }, health.Degraded, "slow: degraded"},
		"Degradedf":            {func(context.Context) error { return health.Degradedf("read: %w", io.EOF) }, health.Degraded, "read: EOF"},
		"one whose Is panics":  {func(context.Context) error { return hostile{} }, health.Down, "hostile"},
		"a panic with a value": {func(context.Context) error { panic(health.ErrDegraded) }, health.Down, "core: task panicked: degraded"},
		"degraded too late": {
			func(ctx context.Context) error { <-ctx.Done(); return health.ErrDegraded },
			health.Down, "timed out after 2s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRegistry(t)
				add(t, r, health.Liveness, "x", c.run)
				start(t, r)
				<-time.After(3 * time.Second)
				if got := r.Report(health.Liveness).Checks[0]; got.Status != c.want || got.Error != c.text {
					t.Errorf("got %s %q, want %s %q", got.Status, got.Error, c.want, c.text)
				}
			})
		})
	}
}

func TestDegradedfWrapsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	err := health.Degradedf("read %q: %w", "a", io.EOF)
	if !errors.Is(err, health.ErrDegraded) || !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v matches the wrong errors", err)
	}
	if got := err.Error(); got != `read "a": EOF` {
		t.Errorf("got %q", got)
	}
}
