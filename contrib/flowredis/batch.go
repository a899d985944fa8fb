package flowredis

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/label"
)

// batches lets callers share round trips. Who comes when few are under way is sent at once; those who
// come meanwhile go together with the next one. There is no timer: no one waits for company.
//
// A command is a caller's own, from its budget to its reply, so one that leaves spoils nothing for the
// others: if it was not sent yet it never is, and otherwise no one reads the reply. A batch is a pipeline,
// not a transaction, and its commands say NoRetry, which go-redis heeds for all of a pipeline: it
// sends none twice.
type batches struct {
	client  redis.UniversalClient
	budgets *budgets
	mark    label.Mark

	mu      sync.Mutex
	waiting []*rider
	trips   int // under way
}

const (
	mostTrips  = 2   // under way at a time: one is with the server while the other is being read and written
	mostRiders = 256 // of a trip
)

// rider is one command on its way.
type rider struct {
	ctx  context.Context //nolint:containedctx // the trip is part of the first one's trace
	cmd  redis.Cmder
	left atomic.Bool
	back chan error // of one
}

var riders = sync.Pool{New: func() any { return &rider{back: make(chan error, 1)} }}

// process sends cmd together with others, and waits for its reply, or until the caller or the budget ends.
func (b *batches) process(ctx *budgeted, cmd redis.Cmder) error {
	r := riders.Get().(*rider)
	r.ctx, r.cmd = ctx.Context, cmd
	b.board(r)
	select {
	case err := <-r.back:
		r.ctx, r.cmd = nil, nil
		riders.Put(r)
		return err
	case <-ctx.Context.Done():
		r.left.Store(true) // not put back: the trip may still hold it
		return context.Cause(ctx.Context)
	case <-ctx.Done():
		r.left.Store(true)
		return ctx.Err()
	}
}

func (b *batches) board(r *rider) {
	b.mu.Lock()
	b.waiting = append(b.waiting, r)
	start := b.trips < mostTrips
	if start {
		b.trips++
	}
	b.mu.Unlock()
	if start {
		go b.drive()
	}
}

// drive makes trips until no one waits.
func (b *batches) drive() {
	b.mark.Label()
	var load []*rider
	for {
		b.mu.Lock()
		n := min(len(b.waiting), mostRiders)
		load = append(load[:0], b.waiting[:n]...)
		rest := copy(b.waiting, b.waiting[n:])
		clear(b.waiting[rest:])
		b.waiting = b.waiting[:rest]
		if n == 0 {
			b.trips--
		}
		b.mu.Unlock()
		if n == 0 {
			return
		}
		b.trip(load)
		clear(load)
	}
}

// trip sends what was not left, and hands out the replies.
func (b *batches) trip(load []*rider) {
	ctx := &budgeted{context.WithoutCancel(load[0].ctx), b.budgets.at(clock.Now())}
	var err error
	defer func() {
		if p := recover(); p != nil { // of a hook of the client: no caller of ours could
			err = fmt.Errorf("the client panicked: %v", p)
		}
		for _, r := range load {
			if r != nil {
				r.back <- replyError(r.cmd, err)
			}
		}
	}()
	pipe := b.client.Pipeline()
	for i, r := range load {
		if r.left.Load() {
			load[i] = nil
			continue
		}
		_ = pipe.Process(ctx, r.cmd) // only puts it in
	}
	_, err = pipe.Exec(ctx)
}

// replyError is the error of one command of a pipeline. A command without one, in a pipeline that failed
// before it was sent, has the pipeline's.
func replyError(cmd redis.Cmder, pipeline error) error {
	if err := cmd.Err(); err != nil {
		return err
	}
	if replied, ok := cmd.(ints); ok && replied.Val() == nil && pipeline != nil {
		return pipeline
	}
	return nil
}
