package streams

import (
	"context"
	"sync/atomic"
)

// relayed is how many chunks a relay holds.
const relayed = 4

// relay runs the steps above, of one stream or of several, in goroutines of their own, so that those
// below can wait for other things too. It reads ahead by at most [relayed] chunks, and one for each
// stream.
type relay[T any] struct {
	st     *stage // of the step below
	chunks chan parcel[T]
	free   chan []T
	cancel context.CancelCauseFunc
	cause  func() error // why the first of them ended that did not end well; nil while none did
	open   atomic.Int64 // how many run
	above  []<-chan error
}

// relays starts the streams. What comes is in chunks, until that is closed; then stop tells why.
func relays[T any](ctx context.Context, r *run, st *stage, above ...Stream[T]) *relay[T] {
	st.handsOver()
	c := &relay[T]{st: st, chunks: make(chan parcel[T], relayed), free: make(chan []T, relayed)}
	ctx, c.cancel = context.WithCancelCause(ctx)
	c.cause = func() error { return ended(ctx) }
	c.open.Store(int64(len(above)))
	for _, s := range above {
		c.above = append(c.above, r.background(ctx, func(ctx context.Context) error {
			defer c.leave()
			above := r.apart()
			err := s.feed(ctx, above, func(in []T) error { return c.send(ctx, above.held, in) })
			if err != nil {
				c.cancel(err)
			}
			return err
		}))
	}
	if len(above) == 0 {
		close(c.chunks)
	}
	return c
}

// leave closes the relay when the last stream has ended.
func (c *relay[T]) leave() {
	if c.open.Add(-1) == 0 {
		close(c.chunks)
	}
}

func (c *relay[T]) send(ctx context.Context, held *holder, in []T) error {
	p := parcel[T]{items: append(c.buffer(), in...), held: held.keep()}
	began := c.st.waits(cap(c.chunks) - len(c.chunks))
	defer c.st.waited(began, &c.st.blocked)
	select {
	case c.chunks <- p:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// next waits for a chunk; more is false when none comes any more.
func (c *relay[T]) next() (p parcel[T], more bool) {
	began := c.st.waits(len(c.chunks))
	p, more = <-c.chunks
	c.st.waited(began, &c.st.idle)
	return p, more
}

func (c *relay[T]) buffer() []T {
	select {
	case buf := <-c.free:
		return buf
	default:
		return nil
	}
}

// recycle takes back a chunk that is no longer used.
func (c *relay[T]) recycle(chunk []T) {
	clear(chunk)
	select {
	case c.free <- chunk[:0]:
	default:
	}
}

// stop ends the steps above and waits for them. It gives err, or else why they ended.
func (c *relay[T]) stop(err error) error {
	if err != nil {
		halt(c.cancel, err)
	}
	for _, a := range c.above {
		if above := <-a; err == nil && above != nil {
			err = above
			if first := c.cause(); first != nil {
				err = first
			}
		}
	}
	c.cancel(nil)
	return err
}
