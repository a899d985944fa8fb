package bootfx

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.uber.org/fx/fxevent"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/fxmodule/internal/otelin"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const (
	scope = "github.com/goflow-go/goflow/fxmodule/bootfx"
	gate  = "github.com/goflow-go/goflow/fxmodule.(*gate)." // fxmodule.Lifecycle's, between all hooks
)

// leftOut begins the names of functions that say nothing about the application: fx's own constructors, and ours.
var leftOut = []string{scope + ".", "go.uber.org/fx.New.", "go.uber.org/fx.(*App)."}

// flushTimeout bounds what a failed start or stop waits for its telemetry.
const flushTimeout = 2 * time.Second

// state is what of the application is being traced.
type state uint8

const (
	building state = iota // fx.New replays what happened before there was a logger
	starting              // "app start" is open
	running               // nothing
	stopping              // "app stop" is open
	silent                // nothing, nor are hooks that stop
)

// boot turns the events of fx into two traces. fx sends them one after the other, except when a start or a stop has
// run out of time: then it no longer waits for the hook, whose events come when they come.
type boot struct {
	scope     *telemetry.Scope
	providers otelin.In

	mu       sync.Mutex
	state    state
	early    []*fxevent.Run  // what ran while building
	built    time.Time       // when the logger was made
	trace    context.Context //nolint:containedctx // the open trace, which no call brings along
	root     telemetry.Span
	invoking time.Time
	gated    bool    // the gate has stopped
	failures []error // of the open trace
}

func makeBoot(providers otelin.In) *boot {
	return &boot{scope: telemetry.NewScope(scope, providers.Options()...), providers: providers, trace: context.Background()}
}

func (b *boot) logger(next fxevent.Logger) fxevent.Logger {
	b.built = time.Now()
	return &logger{b, next}
}

// see traces an event. It reports whether that was the end of something that failed, after which no one else
// flushes the telemetry.
func (b *boot) see(e fxevent.Event) (flush bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := e.(type) {
	case *fxevent.OnStartExecuting:
		if b.state == running || b.state == silent { // the application is started again
			b.open(starting, "app start", time.Now())
		}
	case *fxevent.Stopping, *fxevent.OnStopExecuting:
		if b.state == running {
			b.open(stopping, "app stop", time.Now())
		}
	case *fxevent.RollingBack:
		b.failures = append(b.failures, e.StartErr)
	case *fxevent.Started:
		return b.state == starting && b.finish(e.Err, running)
	case *fxevent.Stopped:
		return b.state == stopping && b.finish(e.Err, silent)
	case *fxevent.OnStartExecuted, *fxevent.OnStopExecuted:
		b.seeHook(e)
	default:
		return b.seeBuilding(e)
	}
	return false
}

// seeBuilding traces an event of fx.New.
func (b *boot) seeBuilding(e fxevent.Event) (flush bool) {
	switch e := e.(type) {
	case *fxevent.Provided:
		b.refuse(e.Err)
	case *fxevent.Supplied:
		b.refuse(e.Err)
	case *fxevent.Replaced:
		b.refuse(e.Err)
	case *fxevent.Decorated:
		b.refuse(e.Err)
	case *fxevent.Run:
		if b.state == building {
			b.early = append(b.early, e)
			return false
		}
		b.ran(e, time.Now())
	case *fxevent.LoggerInitialized:
		if b.state == building {
			return b.begin()
		}
	case *fxevent.Invoking:
		b.invoking = time.Now()
	case *fxevent.Invoked:
		b.step("invoke", e.FunctionName, b.invoking, time.Now(), e.Err, flowconv.AppModuleKey.String(e.ModuleName))
		return e.Err != nil && b.state == starting && b.finish(e.Err, silent)
	}
	return false
}

// refuse notes why the application cannot be built; fx tells it again with each option that follows.
func (b *boot) refuse(err error) {
	if err != nil && len(b.failures) == 0 {
		b.failures = append(b.failures, err)
	}
}

// begin opens "app start" with what ran before: one after the other, until the logger was there.
func (b *boot) begin() (flush bool) {
	ends := make([]time.Time, len(b.early))
	at := b.built
	for i := len(b.early) - 1; i >= 0; i-- {
		ends[i] = at
		at = at.Add(-b.early[i].Runtime)
	}
	failures := b.failures
	b.open(starting, "app start", at)
	for i, e := range b.early {
		b.ran(e, ends[i])
	}
	b.early = nil
	return len(failures) > 0 && b.finish(errors.Join(failures...), silent)
}

// ran traces a constructor or a decorator. Supplied values are none.
func (b *boot) ran(e *fxevent.Run, end time.Time) {
	verb := ""
	switch e.Kind {
	case "provide":
		verb = "construct"
	case "decorate":
		verb = "decorate"
	default:
		return
	}
	b.step(verb, e.Name, end.Add(-e.Runtime), end, e.Err, flowconv.AppModuleKey.String(e.ModuleName))
}

// seeHook traces a hook that has run.
func (b *boot) seeHook(e fxevent.Event) {
	now := time.Now()
	switch e := e.(type) {
	case *fxevent.OnStartExecuted:
		if !strings.HasPrefix(e.FunctionName, gate) {
			b.step("start", e.FunctionName, now.Add(-e.Runtime), now, e.Err, callerOf(e.CallerName))
		}
	case *fxevent.OnStopExecuted:
		if e.Err != nil {
			b.failures = append(b.failures, e.Err)
		}
		if gated := strings.HasPrefix(e.FunctionName, gate); !gated || !b.gated {
			b.gated = b.gated || gated
			b.step("stop", e.FunctionName, now.Add(-e.Runtime), now, e.Err, callerOf(e.CallerName))
		}
	}
}

// step makes the span of a function that has run in the open trace.
func (b *boot) step(verb, name string, start, end time.Time, err error, about attribute.KeyValue) {
	function := functionOf(name)
	left := func(prefix string) bool { return strings.HasPrefix(function, prefix) }
	if slices.ContainsFunc(leftOut, left) || !b.scope.Traced(b.trace) {
		return
	}
	attrs := []attribute.KeyValue{flowconv.AppFunctionKey.String(function)}
	if about.Value.AsString() != "" {
		attrs = append(attrs, about)
	}
	b.scope.Between(b.trace, verb+" "+short(function), start, end, err, attrs...)
}

// open starts a trace.
func (b *boot) open(s state, name string, start time.Time) {
	b.state, b.failures, b.gated = s, nil, false
	b.trace, b.root = b.scope.StartAt(context.Background(), name, start)
}

// finish ends the open trace and reports whether there was an error.
func (b *boot) finish(err error, next state) (failed bool) {
	if err != nil {
		next = silent
		if b.state == starting {
			b.scope.Event(b.trace, log.SeverityError, flowconv.EventAppStartFailed, "application failed to start: "+err.Error(),
				flowconv.ErrorTypeKey.String(core.ErrorType(err)))
		}
	}
	b.root.End(err)
	b.state = next
	return err != nil
}

// end is the stop hook just before that of the providers: the last moment at which they take a span.
func (b *boot) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == starting || b.state == stopping { // the one when it is rolled back
		b.finish(errors.Join(b.failures...), silent)
	}
}

// flush sends what was recorded: after a failure no hook may be left to do so.
func (b *boot) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	for _, p := range []any{b.providers.Tracers, b.providers.Loggers} {
		if p, ok := p.(interface {
			ForceFlush(ctx context.Context) error
		}); ok {
			_ = p.ForceFlush(ctx) // the SDK reports its own errors
		}
	}
}

func callerOf(name string) attribute.KeyValue { return flowconv.AppCallerKey.String(functionOf(name)) }
