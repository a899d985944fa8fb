package leasefx_test

import (
	"testing"
	"testing/synctest"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/internal/engines/enginestest"
	"github.com/goflow-go/goflow/fxmodule/leasefx"
)

func TestTheConsoleKnowsTheLockerAndElectors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		enginestest.Require(t, "lease/app lease/reports", func(enginestest.Act) {},
			leasefx.Module, leasefx.Elector("reports"), fx.Invoke(func(parts) {}))
	})
}
