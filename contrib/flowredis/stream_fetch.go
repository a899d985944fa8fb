package flowredis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
)

// inbox is how a run reads a Consumer, kept off its method set. It is a streams.Acknowledged.
//
// Nothing is lost, because every message given is pending in Redis until it is acknowledged, and whatever
// may have been given is asked for again:
//
//  1. A run begins with what is pending for this consumer.
//  2. When a request fails, its answer may have had messages: so what is pending is read again, less what
//     is in flight in this run.
//  3. What is pending for others is claimed when it is old enough.
type inbox Consumer

// reading is a run.
type reading struct {
	done    <-chan struct{} // of the run's context
	grouped bool            // the group is there
	own     string          // read what is pending after this ID; "" when all of it was
	claim   string          // where to go on claiming
	claimAt int64           // when
	lookAt  int64           // when to ask how the group stands
}

const (
	requestTime  = time.Second // a request may take, besides Block
	firstPauses  = 50 * time.Millisecond
	longestPause = time.Second
	lookEvery    = 5 * time.Second
	fromTheStart = "0-0"
)

// Fetch gives the next messages, and blocks until there is one.
func (i *inbox) Fetch(ctx context.Context, most int) ([]Message, error) {
	c := (*Consumer)(i)
	r, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	for pause := firstPauses; ; {
		if cause := ended(ctx); cause != nil {
			return nil, cause
		}
		got, err := c.next(ctx, r, min(most, c.cfg.Batch))
		switch {
		case err == nil:
			pause = firstPauses
			c.wentWell(ctx)
			if len(got) > 0 {
				return got, nil
			}
			continue
		case ended(ctx) != nil:
			return nil, ended(ctx)
		case hopeless(err):
			return nil, c.failure(err)
		}
		r.own = fromTheStart
		if lostGroup(err) {
			r.grouped = false
		}
		c.wentWrong(ctx, err)
		_ = sleep(ctx, pause/2+rand.N(pause/2)) // the loop looks at ctx
		pause = min(2*pause, longestPause)
	}
}

// begin gives the run that ctx is of. A run has one context, which ends with it; see streams.FromAcknowledged.
func (c *Consumer) begin(ctx context.Context) (*reading, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run != nil && c.run.done == ctx.Done() {
		return c.run, nil
	}
	if c.run != nil {
		select {
		case <-c.run.done:
		default:
			return nil, fmt.Errorf("flowredis: %q: %w: another run reads it", c.name, core.ErrInvalid)
		}
	}
	c.run = &reading{done: ctx.Done(), own: fromTheStart, claim: fromTheStart}
	c.flight = make(map[string]struct{})
	c.active.Store(0)
	return c.run, nil
}

// next asks Redis for messages, from where they are due.
func (c *Consumer) next(ctx context.Context, r *reading, most int) ([]Message, error) {
	if !r.grouped {
		if err := c.makeGroup(ctx); err != nil {
			return nil, err
		}
		r.grouped = true
	}
	if r.own != "" {
		return c.readOwn(ctx, r, most)
	}
	if now := clock.Now(); now >= r.claimAt {
		got, err := c.takeOver(ctx, r, most)
		if len(got) > 0 || err != nil {
			return got, err
		}
	}
	if now := clock.Now(); now >= r.lookAt {
		r.lookAt = now + int64(lookEvery)
		c.look(ctx)
	}
	return c.readNew(ctx, most)
}

func (c *Consumer) makeGroup(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	err := c.coordinator.client.XGroupCreateMkStream(ctx, c.cfg.Stream, c.cfg.Group, c.cfg.Start).Err()
	if redis.HasErrorPrefix(err, "BUSYGROUP") {
		return nil
	}
	return err
}

// readNew gives messages no consumer of the group was given.
func (c *Consumer) readNew(ctx context.Context, most int) ([]Message, error) {
	entries, err := c.read(ctx, ">", most, c.cfg.Block)
	if err != nil {
		return nil, err
	}
	messages := make([]Message, 0, len(entries))
	for _, e := range entries {
		if m, ok := messageOf(e, 1); ok {
			messages = append(messages, m)
		}
	}
	return c.give(messages, fateReceived), nil
}

// read asks for messages after an ID, and waits for them at the server if block is not negative.
func (c *Consumer) read(ctx context.Context, after string, most int, block time.Duration) ([]redis.XMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime+max(block, 0))
	defer cancel()
	reply, err := c.coordinator.client.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: c.cfg.Group, Consumer: c.cfg.Consumer, Streams: []string{c.cfg.Stream, after}, Count: int64(most), Block: block,
	}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(reply) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return reply[0].Messages, nil
}

// give hands out messages that are not in flight already.
func (c *Consumer) give(messages []Message, as fate) []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := messages[:0]
	for _, m := range messages {
		if _, given := c.flight[m.ID]; !given {
			c.flight[m.ID] = struct{}{}
			fresh = append(fresh, m)
		}
	}
	c.counts[as].Add(int64(len(fresh)))
	c.active.Store(int64(len(c.flight)))
	return fresh
}

// Ack says that messages are done with. While Redis does not answer it asks again, until ctx ends: it does no harm
// to acknowledge twice.
func (i *inbox) Ack(ctx context.Context, messages []Message) error {
	c := (*Consumer)(i)
	ids := idsOf(messages)
	for pause := firstPauses; ; pause = min(2*pause, longestPause) {
		err := c.acknowledge(ctx, ids)
		if err == nil || lostGroup(err) { // who lost the group gives all again
			break
		}
		if hopeless(err) {
			return c.failure(err)
		}
		c.wentWrong(ctx, err)
		if cause := sleep(ctx, pause/2+rand.N(pause/2)); cause != nil {
			return c.failure(err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		delete(c.flight, id)
	}
	c.active.Store(int64(len(c.flight)))
	c.counts[fateAcknowledged].Add(int64(len(ids)))
	return nil
}

func (c *Consumer) acknowledge(ctx context.Context, ids []string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	return c.coordinator.client.XAck(ctx, c.cfg.Stream, c.cfg.Group, ids...).Err()
}

func (c *Consumer) failure(err error) error { return fmt.Errorf("flowredis: %q: %w", c.name, err) }

// lostGroup reports whether Redis does not know the stream or the group any more.
func lostGroup(err error) bool {
	return redis.HasErrorPrefix(err, "NOGROUP") || redis.HasErrorPrefix(err, "UNBLOCKED")
}

// hopeless reports whether waiting does not help: the server answers, and refuses for good.
func hopeless(err error) bool {
	v, _ := judge(err)
	return v == refused && !lostGroup(err)
}

// wentWrong notes a request that failed.
func (c *Consumer) wentWrong(ctx context.Context, err error) {
	c.failures.Add(1)
	c.coordinator.lookAround(clock.Now())
	if !lostGroup(err) && c.paused.CompareAndSwap(false, true) {
		c.stateChanged(ctx, err)
	}
}

// wentWell notes that Redis answers.
func (c *Consumer) wentWell(ctx context.Context) {
	if c.paused.Load() && c.paused.CompareAndSwap(true, false) {
		c.stateChanged(ctx, nil)
	}
}
