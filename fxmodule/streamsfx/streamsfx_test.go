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

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/streamsfx"
	"github.com/goflow-go/goflow/streams/spill"
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

func TestAQueueOnDiskIsClosedLastAndKeepsWhatItHolds(t *testing.T) {
	t.Parallel()
	rec, dir := telemetrytest.New(t), t.TempDir()
	var q *spill.Queue
	a := fx.New(fx.NopLogger,
		fx.Provide(func() metric.MeterProvider { return rec.MeterProvider() }),
		streamsfx.Spill("uploads", spill.Config{Dir: dir}),
		fx.Invoke(fx.Annotate(func(lc fx.Lifecycle, opened *spill.Queue) {
			q = opened
			lc.Append(fx.StopHook(func(ctx context.Context) error { return q.Push(ctx, []byte("the last")) }))
		}, fx.ParamTags(``, `name:"uploads"`))),
	)
	if err := errors.Join(a.Start(t.Context()), a.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := q.Push(t.Context(), nil); !errors.Is(err, core.ErrClosed) {
		t.Errorf("after the stop a push says %v, want %v", err, core.ErrClosed)
	}
	if !slices.ContainsFunc(rec.Emitted(), func(n string) bool { return strings.HasPrefix(n, "goflow.spill.") }) {
		t.Error("the queue does not report to the application")
	}
	again, err := spill.Open("uploads", spill.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := again.Pop(t.Context()); err != nil || string(kept.Data) != "the last" {
		t.Errorf("the queue kept %q, %v", kept.Data, err)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestADirectoryThatAnotherQueueHasFailsTheApplication(t *testing.T) {
	t.Parallel()
	cfg := spill.Config{Dir: t.TempDir()}
	q, err := spill.Open("first", cfg)
	if err != nil {
		t.Fatal(err)
	}
	a := fx.New(fx.NopLogger, streamsfx.Spill("uploads", cfg), fx.Invoke(fx.Annotate(func(*spill.Queue) {}, fx.ParamTags(`name:"uploads"`))))
	if err := a.Err(); !errors.Is(err, spill.ErrLocked) {
		t.Errorf("got %v, want %v", err, spill.ErrLocked)
	}
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
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
