package otelsdk_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/goflow-go/goflow/telemetry/otelsdk"
)

// stuck is a span processor whose end never comes by itself.
type stuck struct {
	sdktrace.SpanProcessor
	release chan struct{}
	calls   int
}

func (s *stuck) Shutdown(context.Context) error   { s.calls++; <-s.release; return nil }
func (s *stuck) ForceFlush(context.Context) error { <-s.release; return nil }

func TestShutdownIsBoundedEvenWhenAProcessorIgnoresItsContext(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ left, want time.Duration }{
		"no deadline":           {0, 5 * time.Second},
		"a late deadline":       {time.Hour, 5 * time.Second},
		"ten seconds are left":  {10 * time.Second, 5 * time.Second},
		"four seconds are left": {4 * time.Second, 2 * time.Second},
		"nothing is left":       {-time.Second, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &stuck{release: make(chan struct{})}
				defer close(p.release)
				sdk, err := otelsdk.Setup(t.Context(), otelsdk.Config{}, otelsdk.WithSpanProcessor(p))
				if err != nil {
					t.Fatal(err)
				}
				ctx := context.Background()
				if c.left != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithDeadline(ctx, time.Now().Add(c.left))
					defer cancel()
				}
				start := time.Now()
				err = sdk.Shutdown(ctx)
				if took := time.Since(start); took != c.want {
					t.Errorf("shutdown took %v, want %v", took, c.want)
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("shutdown gives %v, want the deadline", err)
				}
			})
		})
	}
}

func TestShutdownIsIdempotent(t *testing.T) {
	t.Parallel()
	p := &stuck{release: make(chan struct{})}
	close(p.release)
	sdk := setup(t, otelsdk.Config{}, otelsdk.WithSpanProcessor(p))
	for range 3 {
		if err := sdk.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if p.calls != 1 {
		t.Errorf("the processor was shut down %d times", p.calls)
	}
}

func TestForceFlushEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &stuck{release: make(chan struct{})}
		sdk := setup(t, otelsdk.Config{}, otelsdk.WithSpanProcessor(p))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := sdk.ForceFlush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("flush gives %v, want the deadline", err)
		}
		close(p.release)
	})
}
