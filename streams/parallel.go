package streams

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/telemetry"
)

// job is a chunk on its way through a crew.
type job[T, U any] struct {
	in   []T
	out  []U
	err  error
	held *hold
	done chan struct{} // has room for one: the worker never waits
}

// crew is a parallel step in a run. A producer, which runs the steps above, cuts chunks into jobs;
// workers take them; the goroutine of the steps below hands on what they made. In order, jobs also
// stand in a line of their own, and are waited for in turn: the line bounds what may be ahead of the
// slowest. By key, each worker has its own queue.
type crew[T, U any] struct {
	m      *mapper[T, U]
	st     *stage
	r      *run
	held   *holder        // of the producer
	key    func(T) uint64 // nil unless by key
	cancel context.CancelCauseFunc

	queues []chan *job[T, U] // one, or one for each worker
	line   chan *job[T, U]   // all jobs in order; nil unless ordered
	ready  chan *job[T, U]   // jobs as they are done; nil if ordered
	free   chan *job[T, U]   // jobs to use again
	open   []*job[T, U]      // by key, jobs being filled; of the producer
	size   atomic.Int64      // how long a job may become; adapts
	wg     sync.WaitGroup    // of the workers
}

func (m *mapper[T, U]) parallel(s Stream[T], set settings[T]) runner[U] {
	return func(ctx context.Context, r *run, emit func([]U) error) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		c := newCrew(m.traced(r), r, set)
		c.cancel = cancel
		for i := range set.workers {
			c.wg.Add(1)
			queue := c.queues[i%len(c.queues)]
			go telemetry.Labeled(ctx, "stream", r.inst.name, func(ctx context.Context) { c.work(ctx, queue) })
		}
		from := r.apart()
		c.held = from.held
		above := r.background(ctx, func(ctx context.Context) error {
			defer c.close()
			return s.feed(ctx, from, func(in []T) error { return c.split(ctx, in) })
		})
		err := c.deliver(ctx, emit)
		if err != nil {
			halt(cancel, err)
		}
		read := <-above
		if err == nil {
			err = read
		}
		if err == nil {
			err = ended(ctx) // a worker may have left its job
		}
		halt(cancel, err)
		c.wg.Wait()
		return err
	}
}

func newCrew[T, U any](m *mapper[T, U], r *run, set settings[T]) *crew[T, U] {
	n := set.workers
	c := &crew[T, U]{m: m, r: r, st: r.stage(m.name), key: set.key, free: make(chan *job[T, U], 4*n)}
	c.size.Store(1)
	c.st.handsOver()
	c.st.crew.Store(true)
	if c.key != nil {
		c.open = make([]*job[T, U], n)
		for range n {
			c.queues = append(c.queues, make(chan *job[T, U], 1))
		}
	} else {
		c.queues = []chan *job[T, U]{make(chan *job[T, U], n)}
	}
	if set.unordered || c.key != nil {
		c.ready = make(chan *job[T, U], n)
	} else {
		c.line = make(chan *job[T, U], 2*n)
	}
	return c
}

// close tells the workers and the deliverer that no job comes any more.
func (c *crew[T, U]) close() {
	for _, q := range c.queues {
		close(q)
	}
	if c.line != nil {
		close(c.line)
		return
	}
	c.wg.Wait()
	close(c.ready)
}

// split makes jobs of a chunk. It keeps none back: the next chunk may be long in coming.
func (c *crew[T, U]) split(ctx context.Context, in []T) error {
	if c.key != nil {
		return c.route(ctx, in)
	}
	for len(in) > 0 {
		n := min(c.limit(), len(in))
		j := c.job()
		j.in = append(j.in, in[:n]...)
		if err := c.send(ctx, j, c.queues[0]); err != nil {
			return err
		}
		in = in[n:]
	}
	return nil
}

// limit is how long a job may become now.
func (c *crew[T, U]) limit() int {
	if c.r.chunk != nil {
		return max(c.r.chunk(), 1)
	}
	return int(c.size.Load())
}

// route gives each item to the worker of its key.
func (c *crew[T, U]) route(ctx context.Context, in []T) error {
	limit := c.limit()
	for _, v := range in {
		key, err := c.keyOf(v)
		if err != nil {
			return c.st.failing(ctx, err)
		}
		w := int(key % uint64(len(c.queues)))
		if c.open[w] == nil {
			c.open[w] = c.job()
		}
		if c.open[w].in = append(c.open[w].in, v); len(c.open[w].in) >= limit {
			if err := c.sendOpen(ctx, w); err != nil {
				return err
			}
		}
	}
	for w, j := range c.open {
		if j == nil {
			continue
		}
		if err := c.sendOpen(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

func (c *crew[T, U]) keyOf(v T) (key uint64, err error) {
	defer caught(&err)
	return c.key(v), nil
}

func (c *crew[T, U]) sendOpen(ctx context.Context, w int) error {
	j := c.open[w]
	c.open[w] = nil
	return c.send(ctx, j, c.queues[w])
}

// send waits for room in the line, if there is one, and in a queue.
func (c *crew[T, U]) send(ctx context.Context, j *job[T, U], queue chan<- *job[T, U]) error {
	var began int64
	if len(queue) == cap(queue) || c.line != nil && len(c.line) == cap(c.line) {
		began = c.st.waits(0)
	}
	defer c.st.waited(began, &c.st.blocked)
	if c.line != nil {
		select {
		case c.line <- j:
		case <-ctx.Done():
			return ended(ctx)
		}
	}
	select {
	case queue <- j:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// job gives an empty job for items of the chunk in hand.
func (c *crew[T, U]) job() *job[T, U] {
	select {
	case j := <-c.free:
		j.held = c.held.keep()
		return j
	default:
		return &job[T, U]{held: c.held.keep(), done: make(chan struct{}, 1)}
	}
}

// recycle takes a job that was delivered.
func (c *crew[T, U]) recycle(j *job[T, U]) {
	clear(j.in)
	clear(j.out)
	j.in, j.out, j.err, j.held = j.in[:0], j.out[:0], nil, nil
	select {
	case c.free <- j:
	default:
	}
}

// work takes jobs until there are no more.
func (c *crew[T, U]) work(ctx context.Context, queue <-chan *job[T, U]) {
	defer c.wg.Done()
	left := false
	defer func() {
		if !left { // the user's function ended the goroutine
			c.cancel(c.st.fail(core.ErrAborted))
		}
	}()
	for j, more := c.next(queue); more; j, more = c.next(queue) {
		c.do(ctx, j)
		if c.ready == nil {
			j.done <- struct{}{}
			continue
		}
		select {
		case c.ready <- j:
		case <-ctx.Done():
		}
	}
	left = true
}

// next waits for a job; more is false when none comes any more.
func (c *crew[T, U]) next(queue <-chan *job[T, U]) (j *job[T, U], more bool) {
	began := c.st.waits(len(queue))
	j, more = <-queue
	c.st.waited(began, &c.st.idle)
	return j, more
}

// do maps a job, and adapts the size of the next to how long that took.
func (c *crew[T, U]) do(ctx context.Context, j *job[T, U]) {
	if j.err = ended(ctx); j.err != nil {
		return
	}
	began := clock.Now()
	j.out = sized(j.out, len(j.in))
	n, err := c.m.chunk(ctx, c.st, j.in, j.out)
	j.out, j.err = j.out[:n], err
	took, size, length := clock.Now()-began, c.size.Load(), int64(len(j.in))
	c.st.busy.Add(took)
	switch {
	case took < jobFast && length >= size && size < maxChunk:
		c.size.CompareAndSwap(size, min(2*size, maxChunk))
	case took > jobSlow && length <= size && length > 1:
		c.size.CompareAndSwap(size, max(length/2, 1))
	}
}

// How long a job should take, in ns. Jobs grow below the one and shrink above the other.
const (
	jobFast = 50_000
	jobSlow = 200_000
)

// deliver hands on what the workers made, and gives the first error: of a job, or of those below.
func (c *crew[T, U]) deliver(ctx context.Context, emit func([]U) error) error {
	if c.line == nil {
		for j := range c.ready {
			if err := c.hand(j, emit); err != nil {
				return err
			}
		}
		return nil
	}
	for j := range c.line {
		select {
		case <-j.done:
		case <-ctx.Done():
			return ended(ctx)
		}
		if err := c.hand(j, emit); err != nil {
			return err
		}
	}
	return nil
}

func (c *crew[T, U]) hand(j *job[T, U], emit func([]U) error) error {
	c.r.held.now = j.held
	var down error
	if len(j.out) > 0 {
		c.st.emitted.Add(int64(len(j.out)))
		down = emit(j.out)
	}
	c.r.held.now = nil
	if j.err == nil && taken(down) {
		j.held.drop()
	}
	if down != nil {
		return down
	}
	if j.err != nil {
		return j.err
	}
	c.recycle(j)
	return nil
}
