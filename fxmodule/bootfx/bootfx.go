// Package bootfx shows how an fx application starts and stops, as two traces.
//
//	fx.New(
//		fxmodule.Module,
//		bootfx.Trace(nil), // fx's own log on stderr, and the traces
//		...
//	).Run()
//
// The trace "app start" has a span for each function that fx ran: "construct NAME", "decorate NAME",
// "invoke NAME", and "start NAME" for each start hook. A start that fails has its error, the stop hooks of the
// roll-back, and an event; what was recorded is then flushed, as the process is about to end. The trace
// "app stop" has a span "stop NAME" for each stop hook. NAME is short, "store.Open"; the whole is in the attribute
// goflow.app.function. A function without a name has that of the one it is written in.
//
// fx tells what happens to its logger, so [Trace] is an fx.WithLogger: list it once, at the root of the
// application, in the place of another. It is not part of fxmodule.Module, which would override an
// application's own logger; give that one to Trace or [TraceWith].
//
// The tracer provider is the graph's, where it has one, or else the global one as it is when the logger is made.
// fx makes the logger first, and what it takes, the SDK, before it: the time when those constructors ran is not
// known, but how long they ran is. They are shown one after the other, up to the time when the logger was there.
//
// The trace of the stop ends just before the provider's own stop hook, and hooks that run later are not seen. Nor is
// what fxmodule.Lifecycle puts between hooks, the first stop apart, which holds the drain delay.
package bootfx

import (
	"os"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
)

// Trace traces the application's start and stop, and passes every event of fx on to next. Nil stands for what fx
// does by itself: lines on stderr. Where the providers cannot be made, next is told nothing, and the application's
// error says why.
func Trace(next fxevent.Logger) fx.Option {
	fallback := fx.Logger(silence{})
	if next == nil {
		next, fallback = &fxevent.ConsoleLogger{W: os.Stderr}, fx.Options()
	}
	return fx.Options(fallback, fx.Provide(newBoot), fx.WithLogger(func(b *boot) fxevent.Logger { return b.logger(next) }))
}

// silence stands in for next where the providers could not be made: by itself fx would then tell every event on
// stderr. What went wrong is the application's error.
type silence struct{}

func (silence) Printf(string, ...any) {}

// TraceWith is [Trace] with a logger out of the graph: the constructor takes what it likes and returns an
// fxevent.Logger, and perhaps an error, as that of fx.WithLogger does.
func TraceWith(constructor any) fx.Option {
	return fx.Options(
		fx.Provide(newBoot, fx.Annotate(constructor, fx.As(new(fxevent.Logger)), fx.ResultTags(`name:"goflow.bootfx.next"`))),
		fx.WithLogger(func(p next) fxevent.Logger { return p.Boot.logger(p.Next) }),
	)
}

// next is what TraceWith's logger takes from the graph.
type next struct {
	fx.In

	Boot *boot          // first: its stop hook is to come right after the provider's
	Next fxevent.Logger `name:"goflow.bootfx.next"`
}

// params is what the tracing takes from the graph.
type params struct {
	fx.In

	Providers otelin.In // first: their stop hook is to come before ours
	Lifecycle fx.Lifecycle
}

// newBoot makes what traces, with a hook that fx stops just before the providers.
func newBoot(p params) *boot {
	b := makeBoot(p.Providers)
	p.Lifecycle.Append(fx.StopHook(b.end))
	return b
}

// logger is an fx logger that traces what it passes on.
type logger struct {
	boot *boot
	next fxevent.Logger
}

// LogEvent passes the event on, and traces it.
func (l *logger) LogEvent(e fxevent.Event) {
	l.next.LogEvent(e)
	if l.boot.see(e) {
		l.boot.flush()
	}
}
