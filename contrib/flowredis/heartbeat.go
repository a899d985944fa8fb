package flowredis

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync/atomic"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// lifetimes is for how many heartbeats a silent instance is still counted.
const lifetimes = 5

// newID is a name no other process has.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// beat is the loop of a started coordinator. When Redis has just failed it comes back soon, so that
// the mode of a process nobody asks anything is right too.
func (c *Coordinator) beat(ctx context.Context) error {
	defer c.leave(context.WithoutCancel(ctx))
	ok := c.Mode() == Coordinated
	for sleep(ctx, c.nextBeat(ok)) == nil {
		ok = c.beatOnce(ctx)
	}
	return nil
}

func (c *Coordinator) beatOnce(ctx context.Context) bool {
	ok := c.heartbeat(ctx)
	c.renewHoldings(ctx)
	if ok {
		c.lookForQuotas(ctx)
	}
	return ok
}

func (c *Coordinator) nextBeat(ok bool) time.Duration {
	if ok {
		return c.cfg.Heartbeat
	}
	probe := time.Duration(c.gate.retryAt() - clock.Now())
	return max(min(probe, c.cfg.Heartbeat), c.cfg.Budget)
}

// heartbeat says that this instance is there, and counts.
func (c *Coordinator) heartbeat(ctx context.Context) bool {
	cmd, err := c.run(ctx, heartbeatScript, asInts, c.heartbeatCall((lifetimes * c.cfg.Heartbeat).Milliseconds()))
	if err != nil {
		return false
	}
	if counted := cmd.(ints).Val(); len(counted) == 1 && counted[0] > 0 {
		c.instances.add(counted[0])
	}
	return true
}

// leave takes this instance out of the count.
func (c *Coordinator) leave(ctx context.Context) {
	if c.Mode() == Coordinated {
		c.returnLeases()
		_, _ = c.run(ctx, heartbeatScript, asInts, c.heartbeatCall(0)) // else it is forgotten in a while
	}
}

func (c *Coordinator) heartbeatCall(life int64) []any {
	return append(heartbeatScript.call(4), "1", c.key, c.id, life)
}

// recent remembers the latest counts of instances. The largest is the one to go by: after an outage the
// first to come back counts itself alone, until the others have.
type recent struct {
	last [4]atomic.Int64
	next atomic.Uint32
}

func (r *recent) add(n int64) { r.last[(r.next.Add(1)-1)%uint32(len(r.last))].Store(n) }

func (r *recent) most() int {
	most := int64(0)
	for i := range r.last {
		most = max(most, r.last[i].Load())
	}
	return int(most)
}
