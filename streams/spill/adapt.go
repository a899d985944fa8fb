package spill

import (
	"context"
	"errors"
)

// Buffer is a [Queue] as streams.Stream.Spill takes it. One goroutine may push while another pops.
type Buffer struct {
	queue   *Queue
	batch   Batch
	records [][]byte
}

// Buffer gives the queue to a stream. What other consumers pop, the stream does not see.
func (q *Queue) Buffer() *Buffer { return &Buffer{queue: q} }

// PushBatch appends records, waiting for room as Config.Overflow says. When it fails, some of them may have
// been stored: they come once more when they are pushed again.
func (b *Buffer) PushBatch(ctx context.Context, records [][]byte) error {
	_, err := b.queue.PushBatch(ctx, records)
	return err
}

// PopBatch gives up to limit records, none when there is none now. They are valid until the next call.
func (b *Buffer) PopBatch(ctx context.Context, limit int) ([][]byte, error) {
	if err := b.queue.popNow(ctx, &b.batch, limit); err != nil {
		return nil, err
	}
	b.records = b.records[:0]
	for i := range b.batch.Records {
		b.records = append(b.records, b.batch.Records[i].Data)
	}
	return b.records, nil
}

// Ack says that what was popped so far is done with.
func (b *Buffer) Ack(ctx context.Context) error {
	if len(b.batch.Records) == 0 {
		return nil
	}
	return b.queue.Ack(ctx, b.batch.Last())
}

// popNow is PopBatch that does not wait: b is empty when there is no record.
func (q *Queue) popNow(ctx context.Context, b *Batch, limit int) error {
	ended, cancel := context.WithCancel(ctx)
	cancel() // a record that is there is taken all the same
	err := q.PopBatch(ended, b, limit)
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		b.Records = b.Records[:0]
		return nil
	}
	return err
}

// Backlog is a [Queue] as writer.WithQueue takes it. Only one goroutine may use Peek and Discard.
type Backlog struct {
	queue *Queue
	batch Batch
	done  int // of the batch, that were discarded
	data  [][]byte
}

// Backlog gives the queue to a writer, which must be the only one to pop from it.
func (q *Queue) Backlog() *Backlog { return &Backlog{queue: q} }

// Push appends records, waiting for room as Config.Overflow says, and says how many it took.
func (b *Backlog) Push(records [][]byte) (n int, err error) {
	return b.queue.PushBatch(context.Background(), records)
}

// Peek gives up to n of the oldest records that were not discarded, none when there is none. They are valid
// until the next Discard.
func (b *Backlog) Peek(n int) ([][]byte, error) {
	if b.done == len(b.batch.Records) {
		b.done = 0
		if err := b.queue.popNow(context.Background(), &b.batch, n); err != nil {
			b.batch.Records = b.batch.Records[:0]
			return nil, err
		}
	}
	b.data = b.data[:0]
	for _, r := range b.batch.Records[b.done:min(b.done+n, len(b.batch.Records))] {
		b.data = append(b.data, r.Data)
	}
	return b.data, nil
}

// Discard says that the n oldest records, which Peek has given, are done with.
func (b *Backlog) Discard(n int) error {
	if n <= 0 {
		return nil
	}
	b.done = min(b.done+n, len(b.batch.Records))
	return b.queue.Ack(context.Background(), b.batch.Records[b.done-1].Seq)
}

// Len is how many records there are.
func (b *Backlog) Len() int { return b.queue.Len() }
