package health_test

import (
	"slices"
	"testing"

	"github.com/goflow-go/goflow/core/health"
)

func TestWhoSubscribesLaterIsToldUntilItStops(t *testing.T) {
	t.Parallel()
	var first, second []string
	r := newRegistry(t)
	r.SetState(health.Ready) // no one listens yet
	stopFirst := r.OnChange(func(c health.Change) { first = append(first, c.To) })
	var stopSecond func()
	stopSecond = r.OnChange(func(c health.Change) { second = append(second, c.To); stopSecond() })
	r.OnChange(func(health.Change) { panic("contained") })
	r.SetState(health.Draining)
	r.SetState(health.Ready)
	stopFirst()
	stopFirst()
	r.SetState(health.Draining)
	if !slices.Equal(first, []string{"draining", "ready"}) || !slices.Equal(second, []string{"draining"}) {
		t.Errorf("told %q and %q, want draining and ready, and draining", first, second)
	}
}
