package engines_test

import (
	"strconv"
	"testing"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/fxmodule/internal/engines"
	"github.com/goflow-go/goflow/fxmodule/internal/engines/enginestest"
)

// known makes engines known.
func known(list ...flowadmin.Engine) fx.Option {
	return fx.Invoke(func(in engines.In) { in.Known(list...) })
}

func TestEnginesAreKnownFromStartToStop(t *testing.T) {
	t.Parallel()
	list := known(flowadmin.Engine{Kind: "job", Name: "b"}, flowadmin.Engine{Kind: "job", Name: "a"})
	enginestest.Require(t, "job/a job/b", func(enginestest.Act) {}, list)
}

func TestEnginesOfOneKindAndNameAreKnownBesideEachOther(t *testing.T) {
	t.Parallel()
	e := flowadmin.Engine{Kind: "limiter", Name: "calls"}
	other := flowadmin.Engine{Kind: "breaker", Name: "calls"}
	enginestest.Require(t, "breaker/calls limiter/calls limiter/calls (2) limiter/calls (3)", func(enginestest.Act) {}, known(e, e), known(other, e))
}

func TestMoreEnginesThanThereIsRoomForAreNoError(t *testing.T) {
	t.Parallel()
	var list []flowadmin.Engine
	for i := range 1010 {
		list = append(list, flowadmin.Engine{Kind: "job", Name: strconv.Itoa(i)})
	}
	var there flowadmin.Engines
	a := fx.New(fx.NopLogger, fx.Supply(&there), known(list...))
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(there.List()); got != 1000 {
		t.Errorf("%d engines are known, want 1000", got)
	}
	if err := a.Stop(t.Context()); err != nil || len(there.List()) != 0 {
		t.Errorf("after the stop: %v, %d engines", err, len(there.List()))
	}
}
