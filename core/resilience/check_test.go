package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/health"
	"github.com/goflow-go/goflow/core/resilience"
)

func TestABreakersCheckIsDegradedUntilItCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(t, resilience.BreakerConfig{Consecutive: 1, OpenFor: time.Minute, ProbeSuccesses: 2})
		check := resilience.BreakerCheck(b)
		if check.Name != "breaker payments" || check.Group != health.Readiness {
			t.Errorf("got %q in %s", check.Name, check.Group)
		}
		fail := func(context.Context) error { return errors.New("boom") }
		work := func(context.Context) error { return nil }
		for _, step := range []struct {
			name string
			do   func()
			want string
		}{
			{"new", func() {}, ""},
			{"failing", func() { _ = b.Do(t.Context(), fail) }, "open"},
			{"its time up", func() { <-time.After(2 * time.Minute) }, "open"},
			{"probed", func() { _ = b.Do(t.Context(), work) }, "half_open"},
			{"probed again", func() { _ = b.Do(t.Context(), work) }, ""},
			{"forced open", func() { b.ForceOpen(t.Context()) }, "open, which an operator said"},
			{"forced closed", func() { b.ForceClosed(t.Context()) }, ""},
		} {
			step.do()
			err := check.Run(t.Context())
			if step.want == "" && err != nil || step.want != "" && (!errors.Is(err, health.ErrDegraded) || err.Error() != step.want) {
				t.Errorf("%s: got %v, want %q", step.name, err, step.want)
			}
		}
	})
}

func ExampleBreakerCheck() {
	ctx := context.Background()
	breaker, err := resilience.NewBreaker("payments", resilience.BreakerConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer breaker.Close()
	registry, err := health.New("app", health.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	check := resilience.BreakerCheck(breaker)
	fmt.Println(registry.Add(check))

	breaker.ForceOpen(ctx)
	fmt.Println(check.Name, "is", check.Run(ctx))
	// Output:
	// <nil>
	// breaker payments is open, which an operator said
}
