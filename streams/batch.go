package streams

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
	"github.com/goflow-go/goflow/telemetry/flowconv"
)

// Batch gathers items into slices of size, fewer only at the end or when wait has passed since the
// first of them came. A wait of 0 is none. No batch is empty, and each is the receiver's own. With a
// wait, it reads ahead by at most a batch and a chunk.
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
func BatchBy[T any](s Stream[T], cfg BatchConfig[T]) Stream[[]T] { return batched[T, []T](s, cfg) }

// batched is BatchBy for methods of a Stream of T, which may not name a Stream of []T: that would have
// a method for a Stream of [][]T, and so on without end.
func batched[T any, B interface{ []T }](s Stream[T], cfg BatchConfig[T]) Stream[B] {
	name := s.stage("batch")
	if cfg.Items == 0 {
		cfg.Items = defaultBatch
	}
	s.trait = cfg.faults(s.trait)
	out := derive(s, name, func(ctx context.Context, r *run, emit func([]B) error) error {
		b := &batcher[T, B]{cfg: cfg, st: r.stage(name), from: r.held, to: r.held, emit: emit}
		b.meter(ctx, r)
		if cfg.Wait > 0 {
			return b.timed(ctx, r, s)
		}
		b.give = b.hand
		above := r.scaled(func(batches int) int { return max(batches*cfg.Items-len(b.open.items), 1) })
		err := s.feed(ctx, above, b.add)
		return b.finish(err)
	})
	out.from.batch = func(batch B) ([]trace.Link, int) { return s.from.links(batch), len(batch) }
	return out
}

// batcher fills a batch. Those above fill it; with a wait they do so in a goroutine of their own.
type batcher[T any, B interface{ []T }] struct {
	cfg  BatchConfig[T]
	st   *stage
	from *holder               // of the goroutine that fills
	give func(filled[T]) error // hands a complete batch on, or over to the goroutine that does

	mu    sync.Mutex // guards open; taken with a wait only
	open  filled[T]
	bytes int         // of open
	timer *time.Timer // set whenever a batch is left open; nil without a wait

	to   *holder // of the goroutine that hands on, as all below
	emit func([]B) error
	down error // what emit said
	one  [1]B  // the chunk a batch is handed on in

	sizes *telemetry.Sizes     // nil for a stream without a name
	times *telemetry.Durations // nil for the same
	ctx   context.Context      //nolint:containedctx // of the run, for exemplars
}

// filled is the items of a batch, what is held for them, and when the first came, if anybody asks.
type filled[T any] struct {
	parcel[T]
	began int64
}

// meter measures batches, if the stream has a name.
func (b *batcher[T, B]) meter(ctx context.Context, r *run) {
	if b.st.points == nil {
		return
	}
	attrs := []attribute.KeyValue{flowconv.StreamNameKey.String(b.st.stream), flowconv.StreamStageKey.String(b.st.name)}
	b.ctx = ctx
	b.sizes = r.inst.reader.Sizes(flowconv.StreamBatchSize, attrs...)
	b.times = r.inst.reader.Durations(flowconv.StreamBatchDuration, attrs...)
}

// measure notes the batch that is to be handed on.
func (b *batcher[T, B]) measure(f filled[T]) {
	if b.sizes != nil {
		b.sizes.Record(b.ctx, len(f.items))
		b.times.Record(b.ctx, time.Duration(clock.Now()-f.began), nil)
	}
}

// add fills batches from a chunk.
func (b *batcher[T, B]) add(in []T) error {
	for len(in) > 0 {
		n, done, err := b.fill(in)
		if err != nil {
			b.st.failed.Add(1)
			return b.st.fail(err)
		}
		in = in[n:]
		if err := b.give(done); err != nil {
			if len(in) > 0 {
				b.from.spoil()
			}
			return err
		}
	}
	return nil
}

// fill moves the first n items of a chunk into the open batch: what it has room for, or what comes
// before an item whose size cannot be told. It takes the batch if that completes it.
func (b *batcher[T, B]) fill(in []T) (n int, done filled[T], err error) {
	if b.timer != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
	}
	begins := len(b.open.items) == 0
	n, full := min(b.cfg.Items-len(b.open.items), len(in)), false
	if b.cfg.Bytes > 0 {
		n, full, err = b.fit(in[:n])
	}
	b.append(in[:n])
	switch {
	case full || len(b.open.items) == b.cfg.Items:
		done = b.take()
	case begins && b.timer != nil:
		b.timer.Reset(b.cfg.Wait)
	}
	return n, done, err
}

func (b *batcher[T, B]) append(items []T) {
	if b.open.items == nil && len(items) > 0 {
		b.open.items = make([]T, 0, min(b.cfg.Items, 4*maxChunk))
		if b.sizes != nil || b.timer != nil {
			b.open.began = clock.Now()
		}
	}
	b.open.items = append(b.open.items, items...)
	b.open.held = b.open.held.gather(b.from.now)
}

// fit tells how many items the open batch has bytes for; full says that it takes no more after them.
func (b *batcher[T, B]) fit(in []T) (n int, full bool, err error) {
	defer caught(&err)
	for _, v := range in {
		size := b.cfg.Size(v)
		if b.bytes+size > b.cfg.Bytes && len(b.open.items)+n > 0 {
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

// take takes the open batch.
func (b *batcher[T, B]) take() filled[T] {
	f := b.open
	b.open, b.bytes = filled[T]{}, 0
	return f
}

// hand hands a batch on, unless it is empty.
func (b *batcher[T, B]) hand(f filled[T]) error {
	if len(f.items) == 0 {
		return nil
	}
	b.measure(f)
	b.one[0] = f.items
	b.st.emitted.Add(1)
	b.down = under(b.to, f.held, b.one[:], b.emit)
	return b.down
}

// finish hands on the last batch, also before the error of those above.
func (b *batcher[T, B]) finish(err error) error {
	if b.down != nil {
		return b.down
	}
	if down := b.hand(b.take()); down != nil {
		return down
	}
	return err
}
