package streamsfx_test

import (
	"io"
	"testing"
	"testing/synctest"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/internal/engines/enginestest"
	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/streams/writer"
)

func TestTheConsoleKnowsQueuesOnDisk(t *testing.T) {
	t.Parallel()
	enginestest.Require(t, "spill/uploads", func(enginestest.Act) {},
		streamsfx.Spill("uploads", spill.Config{Dir: t.TempDir()}),
		fx.Invoke(fx.Annotate(func(*spill.Queue) {}, fx.ParamTags(`name:"uploads"`))),
	)
}

func TestTheConsoleKnowsWriters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		enginestest.Require(t, "writer/log", func(enginestest.Act) {},
			streamsfx.Writer("log", func() io.Writer { return io.Discard }, writer.Config{}),
			fx.Invoke(fx.Annotate(func(*writer.Writer) {}, fx.ParamTags(`name:"log"`))),
		)
	})
}
