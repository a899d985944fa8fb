package resilience_test

import (
	"context"
	"errors"
	"testing"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

var errNoCache = errors.New("not cached")

func TestFallback(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		gone bool // the caller
		task core.Task
		or   error
		want []error // none: success
		seen error   // what the fallback was told
	}{
		"is not asked after a success":                  {false, well, nil, nil, nil},
		"answers for a failure":                         {false, badly, nil, nil, errDown},
		"fails too":                                     {false, badly, errNoCache, []error{errNoCache, errDown}, errDown},
		"is not asked when the caller is gone":          {true, badly, nil, []error{errDown}, nil},
		"is not asked about errors it is not there for": {false, func(context.Context) error { return core.ErrInvalid }, nil, []error{core.ErrInvalid}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen error
			f, err := resilience.NewFallback("prices",
				func(_ context.Context, err error) error { seen = err; return c.or },
				resilience.WithFallbackOn(func(err error) bool { return !errors.Is(err, core.ErrInvalid) }))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(f.Close)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.gone {
				cancel()
			}
			err = f.Do(ctx, c.task)
			if (err == nil) != (c.want == nil) || seen != c.seen {
				t.Errorf("got %v, told %v", err, seen)
			}
			for _, target := range c.want {
				if !errors.Is(err, target) {
					t.Errorf("%v does not match %v", err, target)
				}
			}
			if s := f.Stats(); s.Successes+s.Failures+s.Fallbacks+s.FallbacksFailed != 1 {
				t.Errorf("got %+v", s)
			}
		})
	}
}

func TestFallbackLetsPanicsGoOn(t *testing.T) {
	t.Parallel()
	no := func(context.Context) error { panic("no") }
	f, err := resilience.NewFallback("prices", func(ctx context.Context, _ error) error { return no(ctx) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	for _, task := range []core.Task{no, badly} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was lost")
				}
			}()
			_ = f.Do(t.Context(), task)
		}()
	}
	if s := f.Stats(); s != (resilience.FallbackStats{Failures: 1, FallbacksFailed: 1}) {
		t.Errorf("got %+v", s)
	}
}

func TestCallOr(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	gone, cancel := context.WithCancel(ctx)
	cancel()
	one := func(context.Context) (int, error) { return 1, nil }
	none := func(context.Context) (int, error) { return 0, errDown }
	two := func(_ context.Context, err error) (int, error) {
		if err != errDown {
			t.Errorf("told %v", err)
		}
		return 2, nil
	}
	if v, err := resilience.CallOr(ctx, newRetry(t, plain), one, two); v != 1 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
	if v, err := resilience.CallOr(ctx, nil, none, two); v != 2 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
	if _, err := resilience.CallOr(gone, nil, none, two); err != errDown {
		t.Errorf("got %v", err)
	}
	empty := func(context.Context, error) (int, error) { return 0, errNoCache }
	if _, err := resilience.CallOr(ctx, nil, none, empty); !errors.Is(err, errDown) || !errors.Is(err, errNoCache) {
		t.Errorf("got %v", err)
	}
}
