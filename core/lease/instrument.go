package lease

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/core/lease"

// The kinds of engines of this package.
var (
	lockers = telemetry.NewKind(scopeName,
		flowconv.LeaseAcquisitions, flowconv.LeaseEnds, flowconv.LeaseRenewals,
		flowconv.LeaseActive, flowconv.LeaseQueueSize,
		flowconv.LeaseWaitDuration, flowconv.LeaseHoldDuration)
	electors = telemetry.NewKind(scopeName, flowconv.LeaseTerms, flowconv.LeaseTermActive)
)

// The verbs of spans.
const (
	spanAcquire = "acquire "
	spanRelease = "release "
)

// instrument is the telemetry of a locker or an elector.
type instrument struct {
	name    string
	scope   *telemetry.Scope
	showKey func(string) string
	reader  *telemetry.Registration
	waits   *telemetry.Durations
	holds   *telemetry.Durations
}

func newInstrument(name string, o options) instrument {
	return instrument{name: name, showKey: o.showKey, scope: telemetry.NewScope(scopeName, o.telemetry...)}
}

// start lets a locker be read. Its points must be made before.
func (i *instrument) start(in telemetry.Instance) {
	i.reader = lockers.Register(i.scope, in)
	name := flowconv.LeaseNameKey.String(i.name)
	i.waits = i.reader.Durations(flowconv.LeaseWaitDuration, name)
	i.holds = i.reader.Durations(flowconv.LeaseHoldDuration, name)
}

// startElector lets an elector be read. Its points must be made before.
func (i *instrument) startElector(in telemetry.Instance) { i.reader = electors.Register(i.scope, in) }

func (i *instrument) stop() { i.reader.Close() }

// point makes a point of a metric under the name and further attributes.
func (i *instrument) point(m flowconv.Metric, more ...attribute.KeyValue) telemetry.Point {
	return telemetry.NewPoint(m, append(more, flowconv.LeaseNameKey.String(i.name))...)
}

// begin starts the span of a call, below which the store's own are.
func (i *instrument) begin(ctx context.Context, verb, key string) (context.Context, telemetry.Span) {
	if !i.scope.Traced(ctx) {
		return ctx, telemetry.Span{}
	}
	attrs := []attribute.KeyValue{flowconv.LeaseNameKey.String(i.name)}
	if i.showKey != nil {
		key = i.showKey(key)
		key = strings.ToValidUTF8(key[:min(len(key), maxShown)], "\uFFFD") // exporters refuse other text
		attrs = append(attrs, flowconv.LeaseKeyKey.String(key))
	}
	return i.scope.Start(ctx, verb+i.name, attrs...)
}

// acquired tells what became of a request for a lease. That a key is held is no error of the span.
func (i *instrument) acquired(ctx context.Context, span telemetry.Span, start int64, waited bool, l *Lease, err error) {
	if waited {
		i.waits.Record(ctx, time.Duration(clock.Now()-start), err)
	}
	if span.Recording() {
		span.Set(flowconv.LeaseOutcomeKey.String(outcomeOf(err)))
		if l != nil {
			span.Set(flowconv.LeaseTokenKey.Int64(int64(l.token)))
		}
	}
	if errors.Is(err, core.ErrRejected) {
		err = nil
	}
	span.End(err)
}

// freed ends the span of a release.
func (i *instrument) freed(span telemetry.Span, token uint64, err error) {
	if span.Recording() {
		span.Set(flowconv.LeaseTokenKey.Int64(int64(token)))
	}
	span.End(err)
}

// held notes for how long a lease was held.
func (i *instrument) held(ctx context.Context, took int64, err error) {
	i.holds.Record(ctx, time.Duration(took), err)
}

// lost tells that a lease ended that was not released.
func (i *instrument) lost(ctx context.Context, e *EndedError) {
	i.scope.Event(ctx, log.SeverityWarn, flowconv.EventLeaseLost,
		fmt.Sprintf("locker %q: lease %d %v", i.name, e.Token, e.why),
		flowconv.LeaseNameKey.String(i.name),
		flowconv.LeaseTokenKey.Int64(int64(e.Token)),
		flowconv.LeaseEndKey.String(e.why.String()))
}

// leaderChanged tells that a term has begun or ended.
func (i *instrument) leaderChanged(ctx context.Context, c Change) {
	state, text := flowconv.LeaseStateFollowing, "no longer leads"
	if c.Leads {
		state, text = flowconv.LeaseStateLeading, "leads"
	}
	i.scope.Event(ctx, log.SeverityInfo, flowconv.EventLeaseLeaderChange,
		fmt.Sprintf("elector %q %s, term %d", i.name, text, c.Term.Token()),
		flowconv.LeaseNameKey.String(i.name),
		flowconv.LeaseStateKey.String(state),
		flowconv.LeaseTokenKey.Int64(int64(c.Term.Token())))
}

// panicked tells that a hook panicked.
func (i *instrument) panicked(ctx context.Context, err error) {
	p, ok := errors.AsType[*core.PanicError](err)
	if !ok {
		return
	}
	i.scope.Event(ctx, log.SeverityError, flowconv.EventLeasePanic, fmt.Sprintf("elector %q: %v", i.name, p),
		flowconv.LeaseNameKey.String(i.name),
		flowconv.ExceptionMessageKey.String(p.Error()),
		flowconv.ExceptionStacktraceKey.String(string(p.Stack)))
}

// outcomeOf is what became of a request for a lease.
func outcomeOf(err error) string {
	var failed *StoreError
	switch {
	case err == nil:
		return flowconv.LeaseOutcomeGranted
	case errors.Is(err, ErrDone):
		return flowconv.LeaseOutcomeDone
	case errors.Is(err, core.ErrRejected):
		return flowconv.LeaseOutcomeHeld
	case errors.As(err, &failed):
		return flowconv.LeaseOutcomeFailed
	}
	return flowconv.LeaseOutcomeCancelled
}
