package streams

import (
	"context"
	"slices"
	"sync"

	"github.com/goflow-go/goflow/core"
)

// Queue is a queue of records outside memory, first in, first out. A queue on disk also keeps the
// records of an earlier process, which are handed on first.
//
// One goroutine pushes and another pops; a Queue is safe for that.
type Queue interface {
	// PushBatch appends records, all or none. It keeps none of the slices.
	PushBatch(ctx context.Context, records [][]byte) error
	// PopBatch gives up to max records, none when the queue is empty: it does not wait for any. They
	// are valid until the next call.
	PopBatch(ctx context.Context, max int) ([][]byte, error)
	// Ack says that the records popped so far are done with, and need not be given again.
	Ack(ctx context.Context) error
}

// Codec turns items into records and back.
type Codec[T any] interface {
	// Append appends the record of item to buf.
	Append(buf []byte, item T) ([]byte, error)
	// Decode makes an item of a record, of which it keeps nothing.
	Decode(record []byte) (T, error)
}

// Spill lets those above run ahead of those below by n items in memory, and by more in a queue.
// Items stay in order: memory takes new ones only while the queue is empty. A record is acknowledged
// when what was made of it has been handed on. What still waits in memory when the run ends early is
// put into the queue, behind what is there, so that it comes in the next run; so do not give a queue
// to two runs at a time.
//
// A record that the codec cannot decode ends the run, and is given again in the next; let Decode give
// such a record as an item, for a later step to put aside.
func (s Stream[T]) Spill(n int, queue Queue, codec Codec[T]) Stream[T] {
	name := s.stage("spill")
	from := s.require(n > 0, "n", n, "must be above 0")
	from = from.require(queue != nil && codec != nil, "queue", "nil", "and codec must not be nil")
	return from.then(func(ctx context.Context, r *run, emit func([]T) error) (err error) {
		whole := ctx
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		b := &spill[T]{buffer: newBuffer[T](r.stage(name), n, Block), queue: queue, codec: codec, beyond: true}
		up := r.apart()
		b.from = up.held
		above := r.background(ctx, func(ctx context.Context) error {
			defer b.close()
			return from.feed(ctx, up, func(in []T) error { return b.put(ctx, in) })
		})
		err = b.deliver(ctx, r, emit)
		halt(cancel, err)
		read := <-above
		if err == nil {
			return read
		}
		if kept := b.keep(context.WithoutCancel(whole)); kept != nil {
			return b.st.fail(kept)
		}
		return err
	})
}

// spill is a buffer whose overflow is a queue.
type spill[T any] struct {
	*buffer[T]
	queue Queue
	codec Codec[T]

	order  sync.Mutex // held to push to the queue, and to find it empty
	beyond bool       // the queue may hold records, so memory takes no items; guarded by order

	bytes   []byte   // of the records being pushed; of the goroutine that puts
	records [][]byte // of the same
	rest    []T      // what neither took; of the same
}

// put takes the items of a chunk into memory, or else the queue.
func (b *spill[T]) put(ctx context.Context, in []T) error {
	b.order.Lock()
	defer b.order.Unlock()
	if !b.beyond {
		in = in[b.push(in):]
	}
	if len(in) > 0 {
		if err := core.Try(ctx, func(ctx context.Context) error { return b.store(ctx, in) }); err != nil {
			b.rest = slices.Clone(in)
			return b.st.failing(ctx, err)
		}
	}
	wake(b.some)
	return nil
}

// store pushes items to the queue. The caller holds order.
func (b *spill[T]) store(ctx context.Context, in []T) (err error) {
	b.bytes, b.records = b.bytes[:0], b.records[:0]
	ends := make([]int, 0, len(in))
	for _, v := range in {
		if b.bytes, err = b.codec.Append(b.bytes, v); err != nil {
			return err
		}
		ends = append(ends, len(b.bytes))
	}
	start := 0
	for _, end := range ends {
		b.records = append(b.records, b.bytes[start:end:end])
		start = end
	}
	if err := b.queue.PushBatch(ctx, b.records); err != nil {
		return err
	}
	b.beyond = true
	return nil
}

// deliver hands on the items in memory, then those in the queue, until nothing more comes.
func (b *spill[T]) deliver(ctx context.Context, r *run, emit func([]T) error) error {
	var chunk []T
	var p pace
	p.begin()
	for {
		if err := ended(ctx); err != nil {
			return err
		}
		limit := min(p.size, r.read())
		var closed, popped bool
		var held *hold
		var err error
		if chunk, held, closed = b.take(chunk[:0], limit); len(chunk) == 0 {
			if chunk, held, popped, err = b.pop(ctx, chunk, limit); err != nil {
				return b.st.failing(ctx, err)
			}
		}
		if len(chunk) == 0 {
			if closed {
				return nil
			}
			began := b.st.waits(0)
			select {
			case <-b.some:
			case <-ctx.Done():
			}
			b.st.waited(began, &b.st.idle)
			continue
		}
		b.st.emitted.Add(int64(len(chunk)))
		p.begun()
		down := under(r.held, held, chunk, emit)
		if popped && taken(down) {
			if err := core.Try(ctx, b.queue.Ack); err != nil {
				return b.st.failing(ctx, err)
			}
		}
		if down != nil {
			return down
		}
		p.adapt()
	}
}

// pop takes items from the queue. It finds it empty under order: whoever puts next uses memory. It looks
// at memory once more, for what was put since deliver did:
//
//  1. deliver finds memory empty.
//  2. Those above fill memory, and push what it has no room for to the queue.
//  3. pop finds records in the queue, which are newer than what is in memory.
func (b *spill[T]) pop(ctx context.Context, chunk []T, limit int) (got []T, held *hold, popped bool, err error) {
	defer caught(&err)
	b.order.Lock()
	defer b.order.Unlock()
	if chunk, held, _ = b.take(chunk, limit); len(chunk) > 0 || !b.beyond {
		return chunk, held, false, nil
	}
	records, err := b.queue.PopBatch(ctx, limit)
	if err != nil {
		return chunk, nil, false, err
	}
	b.beyond = len(records) > 0
	for _, record := range records {
		v, err := b.codec.Decode(record)
		if err != nil {
			return chunk, nil, false, err
		}
		chunk = append(chunk, v)
	}
	return chunk, nil, len(records) > 0, nil
}

// keep puts what waits in memory into the queue: the run is over.
func (b *spill[T]) keep(ctx context.Context) error {
	left, held, _ := b.take(nil, b.items.max)
	left = append(left, b.rest...)
	if len(left) == 0 {
		return nil
	}
	err := core.Try(ctx, func(ctx context.Context) error { return b.store(ctx, left) })
	if err == nil {
		held.drop()
	}
	return err
}
