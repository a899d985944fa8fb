package watch

import (
	"sync"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

// Watch reports a registry's checks and state as metrics and events. Make one with [New]. It is safe
// for concurrent use.
type Watch struct {
	registry *health.Registry
	inst     instrument
	state    statePoints
	stop     []func()

	mu     sync.Mutex
	checks map[subject]*watched
}

// subject is a check of a registry.
type subject struct {
	group health.Group
	name  string
}

// The number of statuses and of states.
const (
	statuses = health.Degraded + 1
	states   = health.Stopped + 1
)

// New watches a registry from now on, until Close. The name is its telemetry's. Checks added later are
// watched as well.
func New(name string, registry *health.Registry, opts ...Option) (*Watch, error) {
	var faults core.Faults
	faults.Require(registry != nil, "registry", registry, "must not be nil")
	if err := core.Configure(pkg, name, faults.Err()); err != nil {
		return nil, err
	}
	w := &Watch{registry: registry, inst: newInstrument(name, newOptions(opts)), checks: make(map[subject]*watched)}
	w.state = w.inst.statePoints()
	w.inst.start((*reading)(w))
	w.stop = []func(){registry.OnRun(w.ran), registry.OnChange(w.changed)}
	return w, nil
}

// Close ends the watch: its gauges vanish. It is idempotent.
func (w *Watch) Close() {
	for _, stop := range w.stop {
		stop()
	}
	w.inst.stop()
}

// of finds or makes what is kept of a check.
func (w *Watch) of(s subject) *watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.checks[s]
	if c == nil {
		c = w.inst.watched(s)
		w.checks[s] = c
	}
	return c
}

// ran takes a run of a check.
func (w *Watch) ran(group health.Group, name string, run health.Run) {
	w.of(subject{group, name}).ran(run)
}

// changed takes a change.
func (w *Watch) changed(c health.Change) {
	if c.Check != "" {
		w.of(subject{c.Group, c.Check}).entered(c.To)
	}
	w.inst.changed(c)
}
