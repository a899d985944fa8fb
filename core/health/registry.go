package health

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/goflow-go/goflow/core"
)

// maxChecks bounds the checks of a registry.
const maxChecks = 128

// Registry runs checks and answers probes about them; most callers want [Registry.Report]. It is a
// [core.Service]: checks run between Start and Stop. All methods are safe for concurrent use.
type Registry struct {
	name string
	cfg  Config

	mu      sync.Mutex // guards what is below, and all of a check but its Check
	state   State
	checks  []*check
	changes []Change
	hooks   []*func(Change)             // replaced, never changed in place
	onRun   []*func(Group, string, Run) // likewise

	run    context.Context    //nolint:containedctx // the checks' own, from Start to Stop; else nil
	cancel context.CancelFunc // ends run
	idle   chan struct{}      // closed when no goroutine of the last Start is left
	loops  int                // how many are
}

var _ core.Service = (*Registry)(nil)

// New makes a registry in the state Starting, without checks. The name is the subject of its
// errors and stands in its reports.
func New(name string, cfg Config, opts ...Option) (*Registry, error) {
	if err := core.Configure("health", name, cfg.Validate()); err != nil {
		return nil, err
	}
	r := &Registry{name: name, cfg: cfg.withDefaults()}
	for _, o := range opts {
		o.apply(r)
	}
	return r, nil
}

// Add adds a check, before Start or after; after Start it is run at once. It is an error when the
// group has one of that name, or the registry has 128.
func (r *Registry) Add(c Check) error {
	c = c.withDefaults(r.cfg)
	if err := core.Configure("health", r.name, c.Validate()); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range r.checks {
		if other.Group == c.Group && other.Name == c.Name {
			return fmt.Errorf("health: %q: a %s check %q exists: %w", r.name, c.Group, c.Name, core.ErrInvalid)
		}
	}
	if len(r.checks) == maxChecks {
		return fmt.Errorf("health: %q: no room for check %q beside %d: %w", r.name, c.Name, maxChecks, core.ErrInvalid)
	}
	added := &check{Check: c, result: Result{Name: c.Name}}
	r.checks = append(r.checks, added)
	if r.run != nil {
		r.launch(added)
	}
	return nil
}

// State is where the process is in its life.
func (r *Registry) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// SetState says where the process is in its life. It takes effect at once: a probe after
// SetState(Draining) finds readiness down.
func (r *Registry) SetState(s State) {
	r.mu.Lock()
	if r.state == s {
		r.mu.Unlock()
		return
	}
	change := Change{Time: time.Now(), From: r.state.String(), To: s.String()}
	r.state = s
	r.remember(change)
	r.mu.Unlock()
	r.tell(change)
}

// Start begins to run the checks, with the values of ctx but not its end. It does not wait for
// them: until a check has run it is pending. After a Stop the state is Starting again. A second
// Start is an error until Stop was called and all checks have returned.
func (r *Registry) Start(ctx context.Context) error {
	r.mu.Lock()
	if r.run != nil || r.loops > 0 {
		r.mu.Unlock()
		return fmt.Errorf("health: %q is already started", r.name)
	}
	r.run, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.idle = make(chan struct{})
	for _, c := range r.checks {
		r.launch(c)
	}
	again := r.state == Stopped
	r.mu.Unlock()
	if again {
		r.SetState(Starting)
	}
	return nil
}

// Stop ends the contexts of the checks and waits until all have returned, or ctx ended: then the
// error names those that still run. The state becomes Stopped.
func (r *Registry) Stop(ctx context.Context) error {
	r.mu.Lock()
	idle, started := r.idle, r.run != nil
	if started {
		r.cancel()
		r.run = nil
		r.settle()
	}
	r.mu.Unlock()
	if started {
		r.SetState(Stopped)
	}
	if idle == nil { // never started
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-idle: // just now, or before ctx ended
		return nil
	default:
		return fmt.Errorf("health: %q still runs checks %s: %w", r.name, r.busy(), context.Cause(ctx))
	}
}

// settle notes that nothing runs any more, if so; the caller holds r.mu and has just changed r.run
// or r.loops.
func (r *Registry) settle() {
	if r.run == nil && r.loops == 0 {
		close(r.idle)
	}
}

// busy names the checks that run right now.
func (r *Registry) busy() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, c := range r.checks {
		if c.busy {
			names = append(names, fmt.Sprintf("%q", c.Name))
		}
	}
	return strings.Join(names, ", ")
}
