package limit

import (
	"context"
	"fmt"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Concurrency bounds what runs at the same time: a weighted semaphore, or the bulkhead around a
// dependency. Permits are held until they are released. Most callers use it as a policy around the
// work; [Concurrency.Acquire] and [Concurrency.Release] are for work that does not fit in one
// function.
//
// Permits go to waiters in order of arrival, first those of higher priority (see [WithPriority]),
// and nobody overtakes them: while someone waits for four permits, two free ones stay free. When no
// one waits, taking and releasing are one compare-and-swap each. Permits are never lost or doubled, also
// when a wait is cancelled just as its permits come. All methods are safe for concurrent use. It
// starts no goroutine.
type Concurrency struct {
	inflight
	wait bool // Admit waits
}

var _ core.Admitter = (*Concurrency)(nil)

// NewConcurrency makes a concurrency limit. The name is its telemetry's and its errors'. A wrong
// config is an error that names every field at fault. Close it when it is no longer needed.
func NewConcurrency(name string, cfg ConcurrencyConfig, opts ...Option) (*Concurrency, error) {
	if err := core.Configure("limit", name, cfg.Validate()); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	c := &Concurrency{wait: cfg.Wait}
	c.init(name, flowconv.LimiterAlgorithmConcurrency, cfg.Limit, cfg.line(), opts)
	c.inst.start((*inflightReading)(&c.inflight))
	return c, nil
}

// Name is the name the limit was made with.
func (c *Concurrency) Name() string { return c.inst.name }

// TryAcquire takes n permits if they are free and no one waits, or none. It never blocks. It is false
// for n that [Concurrency.Acquire] refuses as an argument.
func (c *Concurrency) TryAcquire(ctx context.Context, n int) bool {
	return c.tryAcquire(ctx, n) == nil
}

// Acquire takes n permits, and blocks until it has all of them. It fails at once with a
// [*PermitsError] when n is not positive or above the limit, and with a [*FullError] when MaxWaiters
// wait already. When ctx ends first the error wraps context.Cause(ctx) and nothing is held; when it
// ends just as the permits come, either may win. When the limit falls below n during the wait, the
// error is a [*PermitsError]. A caller that is [Sheddable] does not wait.
func (c *Concurrency) Acquire(ctx context.Context, n int) error { return c.acquire(ctx, n) }

// Release gives n permits back and lets waiters in. It does not block.
//
// To release more than is held is a mistake of the caller's, and cannot be told from releasing what
// someone else holds until nothing is held. Then all of it becomes free and no more, [Stats] count it in
// OverReleased, and the first time is an event. An n below 1 releases nothing and counts there too.
func (c *Concurrency) Release(n int) { c.release(n) }

// SetLimit changes the limit. Permits held stay held: after a shrink nobody is let in until enough
// are back; growth lets waiters in at once. Waiters for more than the new limit fail.
func (c *Concurrency) SetLimit(ctx context.Context, limit int) error {
	var faults core.Faults
	requireLimit(&faults, "Limit", limit)
	if err := core.Configure("limit", c.inst.name, faults.Err()); err != nil {
		return err
	}
	if c.setLimit(limit) {
		c.inst.limitChanged(ctx, limit)
	}
	return nil
}

// Admit takes a permit: it waits as [Concurrency.Acquire] does when the config says Wait, and otherwise
// returns a [*FullError] at once when there is none.
func (c *Concurrency) Admit(ctx context.Context) (core.Ticket, error) {
	return core.Ticket{}, c.admit(ctx, c.wait)
}

// Done releases the permit of an admission.
func (c *Concurrency) Done(core.Ticket, error) { c.release(1) }

// Do runs task while it holds a permit; see [Concurrency.Admit].
func (c *Concurrency) Do(ctx context.Context, task core.Task) error { return core.Guard(ctx, c, task) }

// Stats reads the counters and the state. Burst is the limit.
func (c *Concurrency) Stats() Stats { return c.stats() }

// Close takes the limit out of telemetry; its counts stay in its kind's totals. It goes on to work
// as before, but is not counted there. It is idempotent.
func (c *Concurrency) Close() { c.inst.stop() }

// String gives the name and the limit.
func (c *Concurrency) String() string {
	return fmt.Sprintf("concurrency limit %q: %d", c.inst.name, c.load().limit())
}
