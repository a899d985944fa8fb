package streams

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/goflow-go/goflow/core"
)

// Acknowledged is where items come from that are given again, in a later run, until they were
// acknowledged: a consumer of a message broker.
type Acknowledged[T any] interface {
	// Fetch gives the next items, at most as many as most, and blocks until there is one. It gives
	// each once in a run. The slice is the stream's from then on. io.EOF, alone or with the last
	// items, ends the stream; another error fails the run.
	Fetch(ctx context.Context, most int) ([]T, error)
	// Ack says that items are done with, and need not be given again. They come in the order of Fetch,
	// without a gap, and each once. It may be called while Fetch blocks, but not twice at a time. An
	// error fails the run.
	Ack(ctx context.Context, items []T) error
}

// ackGrace is how long after the end of a run its last Ack may take.
const ackGrace = 5 * time.Second

// FromAcknowledged gives the items of src at least once: it acknowledges an item when all that was
// made of it has come to the end of the stream, or was left out on purpose, and so has every item
// before it. See the package's documentation about delivery.
//
// Items are acknowledged as soon as may be, in as few calls as may be, and what is left before the
// terminal operation returns. The context of Ack goes on when that of the run ends; the last call has
// five seconds from then on. An error of Fetch is one of the step "source", an error of Ack one of the
// step "ack".
func FromAcknowledged[T any](src Acknowledged[T]) Stream[T] {
	s := source(func(ctx context.Context, r *run, emit func([]T) error) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		d := &delivery[T]{src: src, st: r.stage("source"), acks: r.stage("ack"), cancel: cancel, some: make(chan struct{}, 1), over: make(chan struct{})}
		d.ledger.settled = func(n int) {
			d.settled += n
			wake(d.some)
		}
		d.start(ctx, r)
		return d.run(ctx, r, emit)
	})
	s.trait = s.trait.invalid(src != nil, "src", "nil", "must not be nil")
	return s
}

// delivery is a source in a run that is acknowledged.
type delivery[T any] struct {
	src    Acknowledged[T]
	st     *stage
	acks   *stage
	cancel context.CancelCauseFunc // of Fetch
	some   chan struct{}           // has room for one: says that more is settled
	over   chan struct{}           // closed when nothing more can be

	ledger  ledger
	chunks  [][]T // of the ledger's tokens that were not acknowledged; guarded by its mu
	settled int   // how many of them are settled; guarded by the same
}

// start runs what acknowledges, to the end of the run.
func (d *delivery[T]) start(ctx context.Context, r *run) {
	ctx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	failure := d.acks.fail(core.ErrAborted) // should Ack end the goroutine
	result := r.background(ctx, func(ctx context.Context) error {
		defer func() { d.cancel(failure) }()
		failure = d.acknowledge(ctx)
		return failure
	})
	r.atEnd(func() error {
		close(d.over)
		grace := time.AfterFunc(ackGrace, func() { stop(context.DeadlineExceeded) })
		defer grace.Stop()
		defer stop(nil)
		<-result
		return failure
	})
}

// run hands on what src gives.
func (d *delivery[T]) run(ctx context.Context, r *run, emit func([]T) error) error {
	for {
		if err := ended(ctx); err != nil {
			return err
		}
		items, err := d.fetch(ctx, r.limit())
		if down := d.hand(ctx, r, items, emit); down != nil {
			return down
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return d.st.failing(ctx, err)
		}
	}
}

func (d *delivery[T]) fetch(ctx context.Context, most int) (items []T, err error) {
	defer caught(&err)
	return d.src.Fetch(ctx, most)
}

// hand hands items on: one by one, if those below may stop at any.
func (d *delivery[T]) hand(ctx context.Context, r *run, items []T, emit func([]T) error) error {
	for len(items) > 0 {
		if err := ended(ctx); err != nil {
			return err
		}
		n := min(r.read(), len(items))
		chunk := items[:n:n]
		d.st.emitted.Add(int64(n))
		if err := under(r.held, d.token(chunk), chunk, emit); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// token is what is held for a chunk.
func (d *delivery[T]) token(chunk []T) *hold {
	d.ledger.mu.Lock()
	defer d.ledger.mu.Unlock()
	d.chunks = append(d.chunks, chunk)
	return d.ledger.add()
}

// acknowledge calls Ack when items are settled, until nothing more can be.
func (d *delivery[T]) acknowledge(ctx context.Context) error {
	for over := false; ; {
		if items := d.due(); len(items) > 0 {
			if err := core.Try(ctx, func(ctx context.Context) error { return d.src.Ack(ctx, items) }); err != nil {
				d.acks.failed.Add(int64(len(items)))
				return d.acks.fail(err)
			}
			d.acks.emitted.Add(int64(len(items)))
			continue
		}
		if over {
			return nil
		}
		select {
		case <-d.some:
		case <-d.over:
			over = true
		}
	}
}

// due gives the items that were settled since it was last called.
func (d *delivery[T]) due() []T {
	d.ledger.mu.Lock()
	defer d.ledger.mu.Unlock()
	chunks := d.chunks[:d.settled]
	d.chunks, d.settled = d.chunks[d.settled:], 0
	var items []T
	if len(chunks) == 1 {
		items = chunks[0]
	} else {
		items = slices.Concat(chunks...)
	}
	clear(chunks)
	return items
}
