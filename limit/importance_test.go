package limit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
)

// occupied is a limit of one permit, which is held.
func occupied(t *testing.T, cfg limit.ConcurrencyConfig) (*limit.Concurrency, *order) {
	t.Helper()
	cfg.Limit, cfg.Wait = 1, true
	c := newConcurrency(t, cfg)
	c.TryAcquire(t.Context(), 1)
	return c, &order{c: c}
}

func TestSheddableCallersDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := occupied(t, limit.ConcurrencyConfig{})
		sheddable := limit.WithImportance(t.Context(), limit.Sheddable)
		const want = `limit: "db" rejected: too few of 1 permits are free`
		_, err := c.Admit(sheddable)
		if err == nil || err.Error() != want || !errors.Is(err, core.ErrRejected) {
			t.Errorf("Admit gave %v, want %s", err, want)
		}
		if err := c.Acquire(sheddable, 1); err == nil || err.Error() != want {
			t.Errorf("Acquire gave %v, want %s", err, want)
		}
		o.enter(t.Context(), "waiting", 1)
		if s := c.Stats(); s.Denied != 2 || s.Waiting != 1 {
			t.Errorf("got %+v, want 2 denied and 1 waiting", s)
		}
		c.Release(1)
		synctest.Wait()
		if err := c.Acquire(sheddable, 1); err != nil {
			t.Errorf("with a permit free: got %v", err)
		}
	})
}

func TestCriticalCallersHavePlacesOfTheirOwnAndGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := occupied(t, limit.ConcurrencyConfig{MaxWaiters: 4, CriticalWaiters: 2})
		critical := limit.WithImportance(limit.WithPriority(t.Context(), -5), limit.Critical)
		o.enter(t.Context(), "a", 1)
		o.enter(limit.WithImportance(t.Context(), limit.Normal), "b", 1)
		_, err := c.Admit(t.Context())
		if full, ok := errors.AsType[*limit.FullError](err); !ok || full.Waiters != 2 {
			t.Errorf("the third normal caller got %v, want a full line of 2", err)
		}
		o.enter(critical, "C", 1)
		o.enter(critical, "D", 1)
		_, err = c.Admit(critical)
		if full, ok := errors.AsType[*limit.FullError](err); !ok || full.Waiters != 4 {
			t.Errorf("the third critical caller got %v, want a full line of 4", err)
		}
		c.Release(1)
		synctest.Wait()
		if got, want := fmt.Sprint(o.list), "[C D a b]"; got != want {
			t.Errorf("served %s, want %s", got, want)
		}
	})
}

func TestCriticalWaitersAreAtMostMaxWaiters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		most, critical int
		want           string
	}{
		{2, 2, ""},
		{2, 3, "CriticalWaiters must be at most MaxWaiters, 2, got 3"},
		{0, 10_001, "CriticalWaiters must be at most MaxWaiters, 10000, got 10001"},
		{2, -1, "CriticalWaiters must not be negative, got -1"},
	} {
		for name, err := range map[string]error{
			"concurrency": limit.ConcurrencyConfig{Limit: 1, MaxWaiters: c.most, CriticalWaiters: c.critical}.Validate(),
			"adaptive":    limit.AdaptiveConfig{MaxWaiters: c.most, CriticalWaiters: c.critical}.Validate(),
		} {
			if got := fmt.Sprint(err); got != c.want && (err != nil || c.want != "") {
				t.Errorf("%s with %d of %d: got %v, want %s", name, c.critical, c.most, err, c.want)
			}
		}
	}
}

func TestImportanceHasAName(t *testing.T) {
	t.Parallel()
	want := map[limit.Importance]string{
		limit.Normal: "normal", limit.Critical: "critical", limit.Sheddable: "sheddable", 9: "importance 9",
	}
	for i, name := range want {
		if got := i.String(); got != name {
			t.Errorf("got %s, want %s", got, name)
		}
	}
}

func ExampleWithImportance() {
	ctx := context.Background()
	workers, err := limit.NewConcurrency("workers", limit.ConcurrencyConfig{Limit: 1, Wait: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer workers.Close()

	report := limit.WithImportance(ctx, limit.Sheddable)
	nothing := func(context.Context) error { return nil }
	fmt.Println(workers.Do(report, nothing))
	_ = workers.Do(ctx, func(context.Context) error {
		fmt.Println(workers.Do(report, nothing)) // the only permit is held
		return nil
	})
	// Output:
	// <nil>
	// limit: "workers" rejected: too few of 1 permits are free
}
