package streams_test

import (
	"context"
	"testing"

	"github.com/goflow-go/goflow/bench/internal/side"
	"github.com/goflow-go/goflow/streams/spill"
)

func openSpill(tb testing.TB, dir string, sync spill.Sync) *spill.Queue {
	tb.Helper()
	q, err := spill.Open("bench", spill.Config{Dir: dir, Sync: sync, MaxBytes: 1 << 34, SegmentBytes: 64 << 20},
		spill.WithTelemetry(side.SDK()...))
	must(tb, err)
	return q
}

// goflowQueue pops records that are the caller's, and acknowledges each call's.
func goflowQueue(tb testing.TB, dir string, each int, durable bool) queue {
	tb.Helper()
	sync := spill.SyncNever
	if durable {
		sync = spill.SyncAlways
	}
	q, ctx := openSpill(tb, dir, sync), context.Background()
	if each > 1 {
		return queue{
			push: func(all [][]byte) error {
				return slabs(all, each, func(part [][]byte) error {
					_, err := q.PushBatch(ctx, part)
					return err
				})
			},
			pop:   popSpill(ctx, q, each),
			close: func() error { return q.Close(ctx) },
		}
	}
	return queue{
		push: pushEach(func(rec []byte) error { return q.Push(ctx, rec) }),
		pop: func(n int, see func([]byte)) error {
			for range n {
				rec, err := q.Pop(ctx)
				if err != nil {
					return err
				}
				see(rec.Data)
				if err := q.Ack(ctx, rec.Seq); err != nil {
					return err
				}
			}
			return nil
		},
		close: func() error { return q.Close(ctx) },
	}
}

// goflowReuse pops one record at a time into the same memory, as victoriametrics does.
func goflowReuse(tb testing.TB, dir string, each int, _ bool) queue {
	tb.Helper()
	q, ctx := openSpill(tb, dir, spill.SyncNever), context.Background()
	return queue{
		push:  pushEach(func(rec []byte) error { return q.Push(ctx, rec) }),
		pop:   popSpill(ctx, q, each),
		close: func() error { return q.Close(ctx) },
	}
}

func popSpill(ctx context.Context, q *spill.Queue, each int) func(int, func([]byte)) error {
	return func(n int, see func([]byte)) error {
		var batch spill.Batch
		for n > 0 {
			if err := q.PopBatch(ctx, &batch, min(n, each)); err != nil {
				return err
			}
			for _, rec := range batch.Records {
				see(rec.Data)
			}
			n -= len(batch.Records)
			if err := q.Ack(ctx, batch.Last()); err != nil {
				return err
			}
		}
		return nil
	}
}

// pushEach pushes one record at a time.
func pushEach(push func(rec []byte) error) func([][]byte) error {
	return func(all [][]byte) error {
		for _, rec := range all {
			if err := push(rec); err != nil {
				return err
			}
		}
		return nil
	}
}

// slabs cuts records into parts.
func slabs(all [][]byte, each int, f func(part [][]byte) error) error {
	for len(all) > 0 {
		n := min(each, len(all))
		if err := f(all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}
