package streams

import (
	"context"
	"time"
)

// Batch gathers items into slices of size, fewer only at the end or when wait has passed since the
// first of them came. A wait of 0 is none. No batch is empty, and each is the receiver's own. With a
// wait, it reads ahead by at most four chunks.
func Batch[T any](s Stream[T], size int, wait time.Duration) Stream[[]T] {
	return BatchBy(s, BatchConfig[T]{Items: size, Wait: wait})
}

// BatchConfig says when a batch of [BatchBy] is complete: when one of the bounds is reached.
type BatchConfig[T any] struct {
	// Items is how many items a batch has at most. Defaults to 1000.
	Items int
	// Bytes is how many bytes, as told by Size, a batch has at most, but for an item that is larger
	// alone. Defaults to 0: any number.
	Bytes int
	// Size tells how many bytes an item has. Required with Bytes.
	Size func(item T) int
	// Wait is how long the first item of a batch waits for more. Defaults to 0: for ever.
	Wait time.Duration
}

const defaultBatch = 1000

func (c BatchConfig[T]) faults(t trait) trait {
	t = t.invalid(c.Items > 0, "Items", c.Items, "must be above 0")
	t = t.invalid(c.Bytes >= 0, "Bytes", c.Bytes, "must not be negative")
	t = t.invalid(c.Bytes == 0 || c.Size != nil, "Size", "nil", "must be set with Bytes")
	return t.invalid(c.Wait >= 0, "Wait", c.Wait, "must not be negative")
}

// BatchBy is [Batch] with more bounds.
func BatchBy[T any](s Stream[T], cfg BatchConfig[T]) Stream[[]T] {
	name := s.stage("batch")
	if cfg.Items == 0 {
		cfg.Items = defaultBatch
	}
	s.trait = cfg.faults(s.trait)
	return derive(s, name, func(ctx context.Context, r *run, emit func([][]T) error) error {
		b := &batcher[T]{cfg: cfg, st: r.stage(name), emit: emit}
		if cfg.Wait > 0 {
			return b.timed(ctx, r, s)
		}
		above := r.scaled(func(batches int) int { return max(batches*cfg.Items-len(b.open), 1) })
		err := s.feed(ctx, above, b.add)
		return b.finish(err)
	})
}

// batcher fills a batch.
type batcher[T any] struct {
	cfg  BatchConfig[T]
	st   *stage
	emit func([][]T) error
	down error // what emit said

	open  []T
	bytes int
	one   [1][]T // the chunk a batch is handed on in
}

// add fills batches from a chunk.
func (b *batcher[T]) add(in []T) error {
	for len(in) > 0 {
		n := min(b.cfg.Items-len(b.open), len(in))
		full := false
		if b.cfg.Bytes > 0 {
			var err error
			if n, full, err = b.fit(in[:n]); err != nil {
				b.append(in[:n])
				return b.fail(err)
			}
		}
		b.append(in[:n])
		in = in[n:]
		if full || len(b.open) == b.cfg.Items {
			if err := b.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// fail hands on what came before the item whose size cannot be told.
func (b *batcher[T]) fail(err error) error {
	if err := b.flush(); err != nil {
		return err
	}
	b.st.failed.Add(1)
	return b.st.fail(err)
}

func (b *batcher[T]) append(items []T) {
	if b.open == nil && len(items) > 0 {
		b.open = make([]T, 0, min(b.cfg.Items, 4*maxChunk))
	}
	b.open = append(b.open, items...)
}

// fit tells how many items the open batch has bytes for; full says that it takes no more after them.
func (b *batcher[T]) fit(in []T) (n int, full bool, err error) {
	defer caught(&err)
	for _, v := range in {
		size := b.cfg.Size(v)
		if b.bytes+size > b.cfg.Bytes && len(b.open)+n > 0 {
			return n, true, nil
		}
		b.bytes += size
		n++
		if b.bytes >= b.cfg.Bytes {
			return n, true, nil
		}
	}
	return n, false, nil
}

// flush hands on the open batch.
func (b *batcher[T]) flush() error {
	if len(b.open) == 0 {
		return nil
	}
	b.one[0] = b.open
	b.open, b.bytes = nil, 0
	b.st.emitted.Add(1)
	b.down = b.emit(b.one[:])
	return b.down
}

// finish hands on the last batch, also before the error of those above.
func (b *batcher[T]) finish(err error) error {
	if b.down != nil {
		return b.down
	}
	if down := b.flush(); down != nil {
		return down
	}
	return err
}

// timed batches what a relay brings. The timer is set once for each batch that is left open.
func (b *batcher[T]) timed(ctx context.Context, r *run, s Stream[T]) (err error) {
	from := relays(ctx, r, s)
	t := time.NewTimer(b.cfg.Wait)
	t.Stop()
	defer t.Stop()
	timing := false
	for {
		select {
		case chunk, more := <-from.chunks:
			if !more {
				return b.finish(from.stop(nil))
			}
			before := b.st.emitted.Load()
			err = b.add(chunk)
			from.recycle(chunk)
			if b.st.emitted.Load() != before {
				timing = false
			}
		case <-t.C:
			timing = false
			err = b.flush()
		}
		if err != nil {
			return from.stop(err)
		}
		if len(b.open) > 0 && !timing {
			timing = true
			t.Reset(b.cfg.Wait)
		}
	}
}
