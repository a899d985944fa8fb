package console

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

const scopeName = "github.com/goflow-go/goflow/contrib/flowadmin/console"

// consoles is the kind of what this package makes.
var consoles = telemetry.NewKind(scopeName, flowconv.ConsoleActions)

// instrument is a console's telemetry.
type instrument struct {
	name  string
	scope *telemetry.Scope

	mu      sync.Mutex
	actions map[actionKey]*actionCount
	told    time.Time // when a refusal was last an event
}

// actionKey is what actions are counted by.
type actionKey struct{ kind, outcome string }

type actionCount struct {
	point telemetry.Point
	n     int64
}

func newInstrument(name string, opts []telemetry.Option) *instrument {
	i := &instrument{name: name, scope: telemetry.NewScope(scopeName, opts...), actions: make(map[actionKey]*actionCount)}
	i.count("", flowconv.ConsoleOutcomeRefused, 0)
	consoles.Register(i.scope, i)
	return i
}

// Observe reports the counters.
func (i *instrument) Observe(o *telemetry.Observer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, a := range i.actions {
		o.Observe(&a.point, a.n)
	}
}

// count counts actions. The kinds are those of engines there are, or none.
func (i *instrument) count(kind, outcome string, n int64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	key := actionKey{kind, outcome}
	a := i.actions[key]
	if a == nil {
		attrs := []attribute.KeyValue{flowconv.ConsoleNameKey.String(i.name), flowconv.ConsoleOutcomeKey.String(outcome)}
		if kind != "" {
			attrs = append(attrs, flowconv.ConsoleEngineKindKey.String(kind))
		}
		a = &actionCount{point: telemetry.NewPoint(flowconv.ConsoleActions, attrs...)}
		i.actions[key] = a
	}
	a.n += n
}

// acted tells of an action that was tried.
func (i *instrument) acted(r *http.Request, wanted actionRequest, result string, err error) {
	args, _ := json.Marshal(wanted.Args) // a map of texts has nothing that fails to marshal
	attrs := []attribute.KeyValue{
		flowconv.ConsoleNameKey.String(i.name),
		flowconv.ConsoleEngineKindKey.String(wanted.Kind),
		flowconv.ConsoleEngineNameKey.String(wanted.Name),
		flowconv.ConsoleActionKey.String(wanted.Action),
		flowconv.ConsoleArgumentsKey.String(string(args)),
		flowconv.NetworkPeerAddressKey.String(peer(r)),
	}
	if err != nil {
		i.count(wanted.Kind, flowconv.ConsoleOutcomeFailed, 1)
		attrs = append(attrs, flowconv.ConsoleOutcomeKey.String(flowconv.ConsoleOutcomeFailed), flowconv.ErrorTypeKey.String(core.ErrorType(err)))
		i.scope.Event(r.Context(), log.SeverityWarn, flowconv.EventConsoleAction,
			fmt.Sprintf("%s %q: %s failed: %v", wanted.Kind, wanted.Name, wanted.Action, err), attrs...)
		return
	}
	i.count(wanted.Kind, flowconv.ConsoleOutcomeDone, 1)
	attrs = append(attrs, flowconv.ConsoleOutcomeKey.String(flowconv.ConsoleOutcomeDone), flowconv.ConsoleResultKey.String(result))
	i.scope.Event(r.Context(), log.SeverityInfo, flowconv.EventConsoleAction,
		fmt.Sprintf("%s %q: %s: %s", wanted.Kind, wanted.Name, wanted.Action, result), attrs...)
}

// refused tells of a request that was refused: each is counted, one a second is an event.
func (i *instrument) refused(r *http.Request, why string) {
	i.count("", flowconv.ConsoleOutcomeRefused, 1)
	i.mu.Lock()
	now := time.Now()
	quiet := !i.told.IsZero() && now.Sub(i.told) < time.Second
	if !quiet {
		i.told = now
	}
	i.mu.Unlock()
	if quiet {
		return
	}
	i.scope.Event(r.Context(), log.SeverityWarn, flowconv.EventConsoleAction, fmt.Sprintf("console %q refused a request: %s", i.name, why),
		flowconv.ConsoleNameKey.String(i.name),
		flowconv.ConsoleOutcomeKey.String(flowconv.ConsoleOutcomeRefused),
		flowconv.NetworkPeerAddressKey.String(peer(r)))
}

// peer is the address of who asks, without the port.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
