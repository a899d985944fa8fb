package streams

import (
	"context"
	"sync"
)

// Conflate lets those above run on while those below are busy, by folding what comes meanwhile into
// one: first makes it of an item, add adds another. Those below get each item at once when they are
// not busy. Nothing is lost but what add leaves out, and no more than one is held.
func Conflate[T, A any](s Stream[T], first func(item T) A, add func(acc A, item T) A) Stream[A] {
	name := s.stage("conflate")
	return derive(s, name, func(ctx context.Context, r *run, emit func([]A) error) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		c := &conflated[T, A]{st: r.stage(name), first: first, add: add, some: make(chan struct{}, 1)}
		c.st.handsOver()
		from := r.apart()
		above := r.background(ctx, func(ctx context.Context) error {
			defer c.close()
			return s.feed(ctx, from, func(in []T) error {
				if err := ended(ctx); err != nil {
					return err
				}
				return c.put(from.held, in)
			})
		})
		err := c.deliver(ctx, r, emit)
		halt(cancel, err)
		if read := <-above; err == nil {
			err = read
		}
		return err
	})
}

// conflated holds what was folded since those below took it.
type conflated[T, A any] struct {
	st    *stage
	first func(T) A
	add   func(A, T) A
	some  chan struct{}

	mu     sync.Mutex
	acc    A
	any    bool  // acc holds something
	held   *hold // for what it holds
	closed bool
}

// put folds a chunk. The user's functions run outside the lock: what is held is taken out meanwhile.
func (c *conflated[T, A]) put(from *holder, in []T) error {
	acc, held, some := c.take()
	acc, n, err := c.fold(acc, some, in)
	c.mu.Lock()
	c.acc, c.any, c.held = acc, some || n > 0, held.gather(from.now)
	c.mu.Unlock()
	wake(c.some)
	if n > 0 && !some {
		n--
	}
	c.st.filtered.Add(int64(n))
	if err != nil {
		c.st.failed.Add(1)
		return c.st.fail(err)
	}
	return nil
}

// fold tells how many items it folded until a function panicked.
func (c *conflated[T, A]) fold(acc A, held bool, in []T) (sum A, n int, err error) {
	sum = acc
	defer caught(&err)
	for _, v := range in {
		if held {
			sum = c.add(sum, v)
		} else {
			sum, held = c.first(v), true
		}
		n++
	}
	return sum, n, nil
}

// take takes out what is held.
func (c *conflated[T, A]) take() (acc A, held *hold, some bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var none A
	acc, held, some = c.acc, c.held, c.any
	c.acc, c.held, c.any = none, nil, false
	return acc, held, some
}

func (c *conflated[T, A]) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	wake(c.some)
}

func (c *conflated[T, A]) deliver(ctx context.Context, r *run, emit func([]A) error) error {
	var one [1]A
	for {
		if err := ended(ctx); err != nil {
			return err
		}
		c.mu.Lock()
		closed := c.closed
		c.mu.Unlock()
		acc, held, some := c.take()
		switch {
		case some:
			one[0] = acc
			c.st.emitted.Add(1)
			if err := under(r.held, held, one[:], emit); err != nil {
				return err
			}
		case closed:
			return nil
		default:
			began := c.st.waits(0)
			select {
			case <-c.some:
			case <-ctx.Done():
			}
			c.st.waited(began, &c.st.idle)
		}
	}
}
