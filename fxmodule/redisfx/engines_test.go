package redisfx_test

import (
	"testing"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/internal/redistest"
)

func TestTheConsoleKnowsSharedLimitsAndChangesThemForAll(t *testing.T) {
	t.Parallel()
	var engines flowadmin.Engines
	t.Cleanup(func() { // after the application has stopped
		if list := engines.List(); len(list) != 0 {
			t.Errorf("%d engines are known after the stop, want none", len(list))
		}
	})
	cfg := config(t, redistest.Shared(t).Addr())
	start(t, cfg, fx.Supply(&engines))
	other := start(t, cfg)

	for _, name := range []string{"checkout", "clients", "mails", "reports", "logins", "log"} {
		if _, ok := engines.Find("limiter", name); !ok {
			t.Errorf("there is no limiter %q", name)
		}
	}
	if c, ok := engines.Find("coordination", "redis"); !ok || c.State()[0].Value != `coordinator "redis": coordinated` {
		t.Errorf("got coordination %v, %+v", ok, c)
	}
	checkout, _ := engines.Find("limiter", "checkout")
	for _, a := range checkout.Actions {
		if a.Name != "set_burst" {
			continue
		}
		if text, err := a.Do(t.Context(), map[string]string{"burst": "4"}); err != nil || text != "burst 10 -> 4" {
			t.Errorf("got %q, %v", text, err)
		}
	}
	if got := other.checkout(t); got != 4 {
		t.Errorf("another instance got %d permits, want the 4 of the burst in force", got)
	}
}
