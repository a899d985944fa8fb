package flowredis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/label"
)

// Coordinator is what a process shares with others through one Redis: limiters are made on it. It
// keeps each decision within the budget, notices when Redis does not answer and when it is back, and
// counts the processes that share.
//
// It is a core.Service: started, it sends heartbeats, so that others count this process, and learns
// of quotas changed elsewhere. Limiters work without that, and while Redis is down. All methods are
// safe for concurrent use.
type Coordinator struct {
	name    string
	mark    label.Mark
	cfg     Config
	client  redis.UniversalClient
	brought brought
	inst    instrument
	metrics coordinatorPoints
	gate    *gate

	budgets  budgets // of decisions
	patience budgets // of leases

	id        string // of this process
	key       string // of the set of instances
	loop      *core.Loop
	told      func(to Mode, cause error) // of changes of mode; nil for an event
	instances recent
	results   [verdicts]atomic.Int64
	batches   batches
	fallbacks [FailOpen + 1]atomic.Int64

	mu       sync.Mutex
	limiters map[*shared]struct{}   // open ones, which look for changed quotas
	holdings map[*holdings]struct{} // whose permits are renewed
}

var _ core.Service = (*Coordinator)(nil)

// New makes a coordinator on a client: one of [NewClient], or one of your own. The name is its
// telemetry's and its errors', and processes are counted under it. It connects to nothing. A wrong
// config is an error that names every field at fault. A client of your own whose ContextTimeoutEnabled
// is false, or that retries, is warned of in one event; the budget is kept and no script is sent twice
// nevertheless. Close it when it is no longer needed, then the client.
func New(name string, client redis.UniversalClient, cfg Config, opts ...Option) (*Coordinator, error) {
	var faults core.Faults
	faults.Require(client != nil, "client", client, "must not be nil")
	if err := core.Configure(pkg, name, errors.Join(faults.Err(), cfg.Validate())); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	c := &Coordinator{
		name: name, mark: label.NewMark("coordinator", name), cfg: cfg, client: client, brought: inspect(client),
		inst:     newInstrument(opts),
		id:       newID(),
		key:      named(cfg.Prefix, name, "instances"),
		budgets:  budgets{budget: cfg.Budget},
		patience: budgets{budget: leaseBudget},
		limiters: make(map[*shared]struct{}),
		holdings: make(map[*holdings]struct{}),
	}
	c.batches.client, c.batches.budgets, c.batches.mark = client, &c.budgets, c.mark
	c.gate = newGate(c.moved)
	c.loop = core.Background(name, c.beat)
	c.metrics = c.inst.coordinatorPoints(name)
	c.inst.startCoordinator(name, (*coordinatorReading)(c))
	if setting := c.brought.weakness(); setting != "" {
		c.inst.weakClient(name, setting)
	}
	return c, nil
}

// Name is the name the coordinator was made with.
func (c *Coordinator) Name() string { return c.name }

// Mode is who decides now.
func (c *Coordinator) Mode() Mode { return c.gate.mode() }

// Instances is how many processes share, as far as this one knows: those counted of late, Config.Instances
// at the least.
func (c *Coordinator) Instances() int { return max(c.instances.most(), c.cfg.Instances) }

// open are the limiters that are not closed.
func (c *Coordinator) open() []*shared {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.limiters))
}

// returnLeases gives back what limiters have leased and not used.
func (c *Coordinator) returnLeases() {
	for _, s := range c.open() {
		s.returnLeases()
	}
}

// renewHoldings renews the permits that are held.
func (c *Coordinator) renewHoldings(ctx context.Context) {
	c.mu.Lock()
	all := slices.Collect(maps.Keys(c.holdings))
	c.mu.Unlock()
	for _, h := range all {
		h.tend(ctx)
	}
}

// moved tells of a change of mode.
func (c *Coordinator) moved(to Mode, cause error) {
	if c.told != nil {
		c.told(to, cause)
		return
	}
	c.inst.modeChanged(c.name, to, c.Instances(), cause)
}

// Start begins the heartbeats. It returns when the first one was sent, or the budget is over: that Redis
// is down is no error.
func (c *Coordinator) Start(ctx context.Context) error {
	c.beatOnce(ctx)
	if err := c.loop.Start(ctx); err != nil {
		return fmt.Errorf("flowredis: %w", err)
	}
	return nil
}

// Stop ends the heartbeats, takes this process out of the count, and returns what is leased, if Redis can be
// asked. Limiters
// go on working. It waits until no heartbeat runs any more, or ctx ends. It is idempotent.
func (c *Coordinator) Stop(ctx context.Context) error {
	if err := c.loop.Stop(ctx); err != nil {
		return fmt.Errorf("flowredis: %w", err)
	}
	return nil
}

// Close takes the coordinator out of telemetry. Call it after Stop. It is idempotent, and leaves the
// client open.
func (c *Coordinator) Close() { c.inst.stop() }

// String gives the name and the mode.
func (c *Coordinator) String() string { return fmt.Sprintf("coordinator %q: %v", c.name, c.Mode()) }

// unavailable is the error of an instance for which Redis could not be asked.
func (c *Coordinator) unavailable(instance string, err error) *UnavailableError {
	after := time.Duration(max(c.gate.retryAt()-clock.Now(), 0))
	return &UnavailableError{Instance: instance, After: max(after, time.Millisecond), Err: err}
}
