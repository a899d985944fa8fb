package sched_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/sched"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newPool makes a pool that is stopped when t ends.
func newPool(t testing.TB, cfg sched.PoolConfig, opts ...sched.Option) *sched.Pool {
	t.Helper()
	p, err := sched.NewPool("images", cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	return p
}
