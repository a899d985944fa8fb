package resilience_test

import (
	"context"
	"errors"
	"testing"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/core/resilience"
)

var errDown = errors.New("down")

// work is what policies are put around, in the forms that libraries want it.
type work struct{ err error }

func (w *work) task(context.Context) error        { return w.err }
func (w *work) load(context.Context) (int, error) { return 1, w.err }
func (w *work) run() error                        { return w.err }
func (w *work) get() (int, error)                 { return 1, w.err }

// guard is a policy: make puts it around work, and gives what calls it.
type guard struct {
	impl string
	make func(testing.TB, *work) func() bool
}

// calls measures guards around work that succeeds.
func calls(b *testing.B, guards []guard) {
	b.Helper()
	var impls []side.Impl
	for _, g := range guards {
		impls = append(impls, side.Impl{Name: g.impl, Make: func(tb testing.TB) func() bool {
			tb.Helper()
			return g.make(tb, &work{})
		}})
	}
	side.Run(b, impls, true)
}

func metered() resilience.Option { return resilience.WithTelemetry(side.SDK()...) }
