package lease_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core/lease"
	"github.com/goflow-go/goflow/core/lease/leasetest"
)

func newQuorum(t *testing.T, stores ...lease.Store) *lease.Quorum {
	t.Helper()
	q, err := lease.NewQuorum(stores...)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func threeStores() []lease.Store {
	return []lease.Store{lease.NewMemory(), lease.NewMemory(), lease.NewMemory()}
}

func TestAQuorumKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	leasetest.Run(t, func(t *testing.T) lease.Store {
		t.Helper()
		return newQuorum(t, threeStores()...)
	})
}

var errAway = errors.New("away")

// away is a store that answers nothing: it fails at once, or hangs until ctx ends.
type away struct{ hangs bool }

func (a away) fail(ctx context.Context) error {
	if a.hangs {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return errAway
}

func (a away) Acquire(ctx context.Context, _, _ string, _ time.Duration) (lease.Grant, error) {
	return lease.Grant{}, a.fail(ctx)
}

func (a away) Extend(ctx context.Context, _, _ string, _ time.Duration) (bool, error) {
	return false, a.fail(ctx)
}

func (a away) Release(ctx context.Context, _, _ string, _ time.Duration) (bool, error) {
	return false, a.fail(ctx)
}

func TestAQuorumGoesOnWhileLessThanHalfAreAway(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]lease.Store{"failing": away{}, "hanging": away{hangs: true}} {
		for i := range 3 {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					stores := threeStores()
					stores[i] = gone
					q := newQuorum(t, stores...)
					ctx := func() context.Context {
						ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
						t.Cleanup(cancel)
						return ctx
					}
					g, err := q.Acquire(ctx(), "k", "ann", time.Hour)
					if err != nil || g.State != lease.Granted || g.Token == 0 {
						t.Fatalf("got %+v, %v, want it granted", g, err)
					}
					if g, err := q.Acquire(ctx(), "k", "ben", time.Hour); err != nil || g.State != lease.Held {
						t.Errorf("another got %+v, %v, want that it is held", g, err)
					}
					if ok, err := q.Extend(ctx(), "k", "ann", time.Hour); !ok || err != nil {
						t.Errorf("extending: %v, %v", ok, err)
					}
					if ok, err := q.Extend(ctx(), "k", "ben", time.Hour); ok || err != nil {
						t.Errorf("extending by another: %v, %v, want false", ok, err)
					}
					if ok, err := q.Release(ctx(), "k", "ann", 0); !ok || err != nil {
						t.Errorf("releasing: %v, %v", ok, err)
					}
				})
			})
		}
	}
}

func TestAQuorumThatIsAwayGivesNothingAndKeepsNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	memory := lease.NewMemory()
	q := newQuorum(t, memory, away{}, away{})
	if g, err := q.Acquire(ctx, "k", "ann", time.Hour); !errors.Is(err, errAway) {
		t.Errorf("got %+v, %v, want the stores' error", g, err)
	}
	if g, err := memory.Acquire(ctx, "k", "ben", time.Hour); err != nil || g.State != lease.Granted {
		t.Errorf("the store that answered gave %+v, %v, want the key free again", g, err)
	}
	if ok, err := q.Extend(ctx, "k", "ann", time.Hour); ok || !errors.Is(err, errAway) {
		t.Errorf("extending what two stores may hold: %v, %v, want their error", ok, err)
	}
	if ok, err := newQuorum(t, memory, memory, away{}).Release(ctx, "k", "ann", 0); ok || err != nil {
		t.Errorf("releasing what two of three stores hold not: %v, %v, want false", ok, err)
	}
}

func TestAQuorumOfTooFewIsAnError(t *testing.T) {
	t.Parallel()
	_, err := lease.NewQuorum(lease.NewMemory(), nil)
	for _, want := range []string{`lease: "quorum"`, "stores must be at least 3, got 2", "stores[1] must not be nil"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
