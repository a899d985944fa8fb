package flowredis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/contrib/flowredis"

// The kinds of what this package makes.
var (
	coordinators = telemetry.NewKind(scopeName,
		flowconv.CoordinationMode, flowconv.CoordinationInstances, flowconv.CoordinationFallbacks,
		flowconv.CoordinationRoundTrips, flowconv.CoordinationRoundTripDuration,
	)
	limiters = telemetry.NewKind(scopeName,
		flowconv.LimiterDecisions, flowconv.LimiterPermits, flowconv.LimiterPermitLimit,
		flowconv.LimiterQueueSize, flowconv.LimiterWaitDuration, flowconv.CoordinationLeases, flowconv.CoordinationDecisions,
	)
)

// The verbs of a limiter's spans.
const (
	spanAllow = "allow "
	spanTake  = "take "
	spanWait  = "wait "

	spanAcquire = "acquire "
)

// instrument is the telemetry of a coordinator or a limiter.
type instrument struct {
	scope     *telemetry.Scope
	showKey   func(string) string
	reader    *telemetry.Registration
	durations *telemetry.Durations // of round trips, or of waits
}

func newInstrument(opts []Option) instrument {
	o := newOptions(opts)
	return instrument{scope: telemetry.NewScope(scopeName, o.telemetry...), showKey: o.showKey}
}

func (i *instrument) startCoordinator(name string, in telemetry.Instance) {
	i.reader = coordinators.Register(i.scope, in)
	i.durations = i.reader.Durations(flowconv.CoordinationRoundTripDuration, flowconv.CoordinationNameKey.String(name))
}

func (i *instrument) startLimiter(in telemetry.Instance, attrs []attribute.KeyValue) {
	i.reader = limiters.Register(i.scope, in)
	i.durations = i.reader.Durations(flowconv.LimiterWaitDuration, attrs...)
}

func (i *instrument) stop() { i.reader.Close() }

// roundTrip notes how long it took to ask Redis.
func (i *instrument) roundTrip(ctx context.Context, took time.Duration, err error) {
	if err != nil {
		err = failedTrip{err}
	}
	i.durations.Record(ctx, took, err)
}

// failedTrip gives errors of go-redis a class.
type failedTrip struct{ error }

func (e failedTrip) Unwrap() error { return e.error }

func (e failedTrip) ErrorType() string {
	if class := core.ErrorType(e.error); class != core.TypeOther {
		return class
	}
	return core.TypeUnavailable
}

// waited notes how long a caller that had to wait did.
func (i *instrument) waited(ctx context.Context, took time.Duration, err error) {
	i.durations.Record(ctx, took, err)
}

func (i *instrument) modeChanged(name string, to Mode, instances int, cause error) {
	severity, text := log.SeverityInfo, fmt.Sprintf("coordinator %q: redis answers again", name)
	attrs := []attribute.KeyValue{
		flowconv.CoordinationNameKey.String(name),
		flowconv.CoordinationModeKey.String(to.String()),
		flowconv.CoordinationInstancesKey.Int(instances),
	}
	if to == Degraded {
		severity = log.SeverityWarn
		text = fmt.Sprintf("coordinator %q: redis does not answer, limiters fall back: %v", name, cause)
		attrs = append(attrs, flowconv.ErrorTypeKey.String(failedTrip{cause}.ErrorType()))
	}
	i.scope.Event(context.Background(), severity, flowconv.EventCoordinationModeChange, text, attrs...)
}

func (i *instrument) weakClient(name, setting string) {
	i.scope.Event(context.Background(), log.SeverityWarn, flowconv.EventCoordinationClientSetting,
		fmt.Sprintf("coordinator %q: the client's %s is not what flowredis.NewClient sets", name, setting),
		flowconv.CoordinationNameKey.String(name),
		flowconv.CoordinationSettingKey.String(setting))
}

// quotaChanged tells that a limiter's quota is another.
func (i *instrument) quotaChanged(ctx context.Context, name string, rate limit.Rate, burst int) {
	i.scope.Event(ctx, log.SeverityInfo, flowconv.EventLimiterQuotaChange,
		fmt.Sprintf("limiter %q is now %v, burst %d", name, rate, burst),
		flowconv.LimiterNameKey.String(name),
		flowconv.LimiterRateKey.String(rate.String()),
		flowconv.LimiterBurstKey.Int(burst))
}

// maxKeyAttribute is how many bytes of a key a span shows.
const maxKeyAttribute = 128

// shown is what a span says of a key.
func (i *instrument) shown(key string) []attribute.KeyValue {
	if i.showKey == nil || key == "" {
		return nil
	}
	shown := i.showKey(key)
	shown = strings.ToValidUTF8(shown[:min(len(shown), maxKeyAttribute)], "\uFFFD") // exporters refuse other text
	return []attribute.KeyValue{flowconv.LimiterKeyKey.String(shown)}
}
