package streamsfx_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/fx"

	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams/writer"
	"github.com/goflow-go/goflow/telemetry/telemetrytest"
)

// file notes what is written to it, and that it was closed.
type file struct {
	mu     sync.Mutex
	text   bytes.Buffer
	closed bool
}

func (f *file) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, errors.New("file is closed")
	}
	return f.text.Write(p)
}

func (f *file) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func TestAWriterIsStoppedAfterWhoWritesAndItsFileIsClosedLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := telemetrytest.New(t)
		f := &file{}
		a := fx.New(fx.NopLogger,
			fx.Provide(func() metric.MeterProvider { return rec.MeterProvider() }),
			streamsfx.Writer("log", func() io.Writer { return f }, writer.Config{FlushInterval: time.Hour}),
			fx.Invoke(fx.Annotate(func(lc fx.Lifecycle, w *writer.Writer) {
				lc.Append(fx.StopHook(func() error { _, err := w.WriteString("the last line"); return err }))
			}, fx.ParamTags(``, `name:"log"`))),
		)
		if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
			t.Fatal(err)
		}
		if f.text.String() != "the last line" || !f.closed {
			t.Errorf("the file has %q, closed %v", f.text.String(), f.closed)
		}
		rec.RequireDeclared()
		if !slices.ContainsFunc(rec.Emitted(), func(n string) bool { return strings.HasPrefix(n, "goflow.writer.") }) {
			t.Error("the writer does not report to the application")
		}
	})
}

func TestARunEndsWithTheApplicationOrItsSourceAndFailsIt(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		run  streamsfx.Run
		fail bool
	}{
		"one that goes on":                   {func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }, false},
		"one that comes to its source's end": {func(context.Context) error { return nil }, false},
		"one that fails":                     {func(context.Context) error { return boom }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran := make(chan struct{})
			a := fx.New(fx.NopLogger, streamsfx.AsRun("orders", func() streamsfx.Run {
				return func(ctx context.Context) error {
					defer close(ran)
					return c.run(ctx)
				}
			}))
			ended := a.Wait()
			if err := a.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.fail {
				if s := <-ended; s.ExitCode != 1 {
					t.Errorf("the application was ended with %+v", s)
				}
			}
			if err := a.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			<-ran
			select {
			case s := <-ended:
				t.Errorf("the application was ended with %+v", s)
			default:
			}
		})
	}
}

func TestWrongConstructorsAndConfigsAreErrorsOfTheApplication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt  fx.Option
		want string
	}{
		"a run of another type": {streamsfx.AsRun("x", func() func() { return nil }), "streamsfx: AsRun wants a function that returns a streamsfx.Run, got func() func()"},
		"a sink that is none":   {streamsfx.Writer("x", func() string { return "" }, writer.Config{}), "streamsfx: Writer wants a function that returns a io.Writer, got func() string"},
		"a wrong writer": {
			fx.Options(streamsfx.Writer("x", func() io.Writer { return io.Discard }, writer.Config{Buffers: -1}),
				fx.Invoke(fx.Annotate(func(*writer.Writer) {}, fx.ParamTags(`name:"x"`)))),
			`writer: "x": Buffers must`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, c.opt).Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
