package streams

import (
	"context"
	"time"

	"github.com/goflow-go/goflow/internal/clock"
)

// A batch with a wait has two goroutines. Those above fill it in one, and hand it over when it is
// complete; the other hands it on, and takes what is open when the timer fires:
//
//  1. A batch that is handed over is open no more, and no other is begun before it was received. So a
//     batch that is open when the timer fires comes after all that were handed over.
//  2. The timer is set anew for each batch that is left open. It may have fired for one that was
//     completed just then, and so says nothing about the one that is open now: see overdue.

// timed hands on what those above fill.
func (b *batcher[T, B]) timed(ctx context.Context, r *run, s Stream[T]) error {
	b.st.handsOver()
	b.timer = time.NewTimer(b.cfg.Wait)
	b.timer.Stop()
	defer b.timer.Stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	over := make(chan filled[T])
	above := r.apart()
	b.from = above.held
	end := r.background(ctx, func(ctx context.Context) error {
		b.give = func(f filled[T]) error { return b.send(ctx, f, over) }
		return s.feed(ctx, above, b.add)
	})
	for {
		var err error
		began := b.st.waits(0)
		select {
		case f := <-over:
			b.st.waited(began, &b.st.idle)
			err = b.hand(f)
		case <-b.timer.C:
			b.st.waited(began, &b.st.idle)
			err = b.hand(b.overdue())
		case err := <-end:
			b.st.waited(began, &b.st.idle)
			return b.finish(err)
		}
		if err != nil {
			halt(cancel, err)
			<-end
			return err
		}
	}
}

// send hands a batch over, unless it is empty.
func (b *batcher[T, B]) send(ctx context.Context, f filled[T], over chan<- filled[T]) error {
	if len(f.items) == 0 {
		return nil
	}
	select {
	case over <- f:
		return nil
	default:
	}
	began := b.st.waits(0)
	defer b.st.waited(began, &b.st.blocked)
	select {
	case over <- f:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// overdue takes the open batch, if it has waited long enough.
func (b *batcher[T, B]) overdue() (f filled[T]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open.items) > 0 && clock.Now()-b.open.began >= int64(b.cfg.Wait) {
		return b.take()
	}
	return f
}
