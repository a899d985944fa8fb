package watch_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/core/health"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patient is a registry with one check, "db", whose outcome is set by the test: nil, errDown or
// errSlow.
type patient struct {
	*health.Registry
	t       *testing.T
	outcome atomic.Pointer[error]
}

var (
	errDown = errors.New("no connection")
	errSlow = health.Degradedf("1 of 2 copies")
)

func newPatient(t *testing.T, outcome error) *patient {
	t.Helper()
	r, err := health.New("orders", health.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p := &patient{Registry: r, t: t}
	p.outcome.Store(&outcome)
	run := func(context.Context) error { return *p.outcome.Load() }
	if err := r.Add(health.Check{Name: "db", Run: run}); err != nil {
		t.Fatal(err)
	}
	return p
}

// start runs the checks until the end of the test.
func (p *patient) start() {
	p.t.Helper()
	if err := p.Start(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			p.t.Error(err)
		}
	})
	synctest.Wait()
}

// becomes lets the check have an outcome from its next run on, and waits for that.
func (p *patient) becomes(outcome error) {
	p.t.Helper()
	p.outcome.Store(&outcome)
	<-time.After(10 * time.Second)
	synctest.Wait()
}
