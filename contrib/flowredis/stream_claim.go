package flowredis

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/internal/clock"
)

// readOwn gives what is pending for this consumer.
func (c *Consumer) readOwn(ctx context.Context, r *reading, most int) ([]Message, error) {
	entries, err := c.read(ctx, r.own, most, -1)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		r.own = ""
		return nil, nil
	}
	messages, err := c.sift(ctx, entries)
	if err != nil {
		return nil, err
	}
	r.own = entries[len(entries)-1].ID
	return c.give(messages, fateAgain), nil
}

// claims is how often in ClaimAfter a consumer looks for what others left.
const claims = 4

// keep says that what is in flight is in good hands: its age begins anew, and it is not counted as given
// again. So what a window or a slow function holds is not claimed, as long as the run goes on fetching.
func (c *Consumer) keep(ctx context.Context) error {
	c.mu.Lock()
	ids := slices.Collect(maps.Keys(c.flight))
	c.mu.Unlock()
	for some := range slices.Chunk(ids, mostAtOnce) {
		if err := c.refresh(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (c *Consumer) refresh(ctx context.Context, ids []string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	return c.coordinator.client.XClaimJustID(ctx, &redis.XClaimArgs{
		Stream: c.cfg.Stream, Group: c.cfg.Group, Consumer: c.cfg.Consumer, Messages: ids,
	}).Err()
}

// takeOver gives what others were given too long ago, and sets when to look for more.
func (c *Consumer) takeOver(ctx context.Context, r *reading, most int) ([]Message, error) {
	if err := c.keep(ctx); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	entries, next, err := c.coordinator.client.XAutoClaim(bounded, &redis.XAutoClaimArgs{
		Stream: c.cfg.Stream, Group: c.cfg.Group, Consumer: c.cfg.Consumer,
		MinIdle: c.cfg.ClaimAfter, Start: r.claim, Count: int64(most),
	}).Result()
	if err != nil {
		return nil, err
	}
	messages, err := c.sift(ctx, entries)
	if err != nil {
		return nil, err
	}
	if r.claim = next; next == fromTheStart {
		r.claimAt = clock.Now() + int64(c.cfg.ClaimAfter/claims)
	}
	return c.give(messages, fateClaimed), nil
}

// sift takes out of entries what is in flight, was deleted, or was given too often, and finds out how
// often the others were given.
func (c *Consumer) sift(ctx context.Context, entries []redis.XMessage) ([]Message, error) {
	entries = c.notInFlight(entries)
	if len(entries) == 0 {
		return nil, nil
	}
	times, err := c.deliveries(ctx, entries)
	if err != nil {
		return nil, err
	}
	var messages []Message
	for _, e := range entries {
		m, ok := messageOf(e, times[e.ID])
		switch {
		case !ok:
			err = c.acknowledge(ctx, []string{e.ID})
		case c.cfg.MaxDeliveries > 0 && m.Deliveries > c.cfg.MaxDeliveries:
			err = c.bury(ctx, m)
		default:
			messages = append(messages, m)
		}
		if err != nil {
			return nil, err
		}
	}
	return messages, nil
}

func (c *Consumer) notInFlight(entries []redis.XMessage) []redis.XMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	var left []redis.XMessage
	for _, e := range entries {
		if _, given := c.flight[e.ID]; !given {
			left = append(left, e)
		}
	}
	return left
}

// deliveries is how often each entry, all of which are pending for this consumer, was given.
func (c *Consumer) deliveries(ctx context.Context, entries []redis.XMessage) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	list, err := c.coordinator.client.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: c.cfg.Stream, Group: c.cfg.Group, Consumer: c.cfg.Consumer,
		Start: entries[0].ID, End: entries[len(entries)-1].ID,
		Count: int64(len(entries)) + c.active.Load(), // those in flight may lie between
	}).Result()
	if err != nil {
		return nil, err
	}
	times := make(map[string]int, len(list))
	for _, p := range list {
		times[p.ID] = int(p.RetryCount)
	}
	return times, nil
}

// bury moves a message that was given too often to the dead letters. Who dies between the two steps has
// it moved again.
func (c *Consumer) bury(ctx context.Context, m Message) error {
	reason := fmt.Sprintf("given %d times and never acknowledged", m.Deliveries-1)
	if err := c.setAside(ctx, m, reason); err != nil {
		return err
	}
	if err := c.acknowledge(ctx, []string{m.ID}); err != nil {
		return err
	}
	c.counts[fateDeadLettered].Add(1)
	return nil
}

// setAside adds a message to the dead letters.
func (c *Consumer) setAside(ctx context.Context, m Message, reason string) error {
	bounded, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	fields := entry(ctx, m, map[string]string{
		fieldReason: reason, fieldStream: c.cfg.Stream, fieldGroup: c.cfg.Group,
		fieldID: m.ID, fieldDeliveries: strconv.Itoa(m.Deliveries),
	})
	return c.coordinator.client.XAdd(bounded, &redis.XAddArgs{Stream: c.cfg.DeadLetters, Values: fields}).Err()
}

// look asks how the group stands. A failure says nothing: the next request tells.
func (c *Consumer) look(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, time.Second/4)
	defer cancel()
	groups, err := c.coordinator.client.XInfoGroups(bounded, c.cfg.Stream).Result()
	if err != nil {
		return
	}
	for _, g := range groups {
		if g.Name == c.cfg.Group {
			c.lag.Store(g.Lag)
			c.pending.Store(g.Pending)
		}
	}
}
