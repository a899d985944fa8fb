package streamsfx_test

import (
	"context"
	"fmt"
	"io"
	"os"

	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/streams/spill"
	"github.com/goflow-go/goflow/streams/writer"
)

// orders is where orders come from.
type orders struct {
	in   chan int
	done chan struct{}
}

func newOrders() *orders { return &orders{make(chan int), make(chan struct{})} }

func newSum(o *orders) streamsfx.Run {
	paid := streams.FromChannel(o.in).Named("orders").Filter(func(n int) bool { return n > 0 })
	return func(ctx context.Context) error {
		sum, err := streams.Reduce(ctx, paid, 0, func(sum, n int) int { return sum + n })
		fmt.Println("sum:", sum)
		close(o.done)
		return err
	}
}

func ExampleAsRun() {
	var o *orders
	app := fx.New(fx.NopLogger, fx.Provide(newOrders), streamsfx.AsRun("orders", newSum), fx.Populate(&o))
	start(app)
	for _, n := range []int{20, -5, 22} {
		o.in <- n
	}
	close(o.in)
	<-o.done
	stop(app)
	// Output: sum: 42
}

func ExampleWriter() {
	app := fx.New(fx.NopLogger,
		streamsfx.Writer("log", func() io.Writer { return os.Stdout }, writer.Config{}),
		fx.Invoke(fx.Annotate(func(w *writer.Writer) error {
			_, err := w.WriteString("a line\n") // is written a moment later, at the latest when the application stops
			return err
		}, fx.ParamTags(`name:"log"`))),
	)
	start(app)
	stop(app)
	// Output: a line
}

func ExampleSpill() {
	dir, err := os.MkdirTemp("", "uploads")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for range 2 { // what the first application did not acknowledge, the second one finds
		app := fx.New(fx.NopLogger,
			streamsfx.Spill("uploads", spill.Config{Dir: dir}),
			fx.Invoke(fx.Annotate(func(q *spill.Queue) error {
				fmt.Println(q.Len(), "records")
				return q.Push(context.Background(), []byte("a photo"))
			}, fx.ParamTags(`name:"uploads"`))),
		)
		start(app)
		stop(app)
	}
	// Output:
	// 0 records
	// 1 records
}

// start and stop do what app.Run does, without waiting for a signal.
func start(app *fx.App) {
	if err := app.Start(context.Background()); err != nil {
		panic(err)
	}
}

func stop(app *fx.App) {
	if err := app.Stop(context.Background()); err != nil {
		panic(err)
	}
}
