package streams

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/goflow-go/goflow/telemetry"
)

// Sink is where a stream goes that was split: it runs the stream it is given with a terminal
// operation, and returns its error. The stream has no name, and can be run once.
type Sink[T any] func(ctx context.Context, in Stream[T]) error

// Broadcast runs s once and gives every item to each of the sinks, which run at the same time. It
// blocks until all have returned, and gives the first error, which ends the others too. A slow sink
// holds up the rest once it is four chunks behind, unless it lets items go with [Stream.Buffer]. One
// that returns early gets no more; when all have, the run ends.
func Broadcast[T any](ctx context.Context, s Stream[T], sinks ...Sink[T]) error {
	name := s.stage("broadcast")
	return fanOut(ctx, s, name, func(ctx context.Context, f *fan[T]) func([]T) error {
		ports := f.openAll(ctx, sinks)
		return func(chunk []T) error {
			chunk = slices.Clone(chunk) // shared: nobody changes it
			for _, p := range ports {
				if err := p.send(ctx, chunk); err != nil {
					return err
				}
			}
			return f.idle(ports)
		}
	})
}

// Partition is [Broadcast] that gives each item to one sink: that with the index pick returns. An
// index outside is an error of the step "partition".
func Partition[T any](ctx context.Context, s Stream[T], pick func(item T) int, sinks ...Sink[T]) error {
	st := &stage{name: s.stage("partition"), stream: s.trait.name}
	return fanOut(ctx, s, st.name, func(ctx context.Context, f *fan[T]) func([]T) error {
		ports := f.openAll(ctx, sinks)
		return func(chunk []T) error {
			parts, err := partition(chunk, pick, len(sinks))
			for i, part := range parts {
				if down := ports[i].send(ctx, part); down != nil {
					return down
				}
			}
			if err != nil {
				return st.fail(err)
			}
			return f.idle(ports)
		}
	})
}

// partition splits a chunk in n, until pick panics or returns what is not one of them.
func partition[T any](chunk []T, pick func(T) int, n int) (parts [][]T, err error) {
	parts = make([][]T, n)
	defer caught(&err)
	for _, v := range chunk {
		i := pick(v)
		if i < 0 || i >= n {
			return parts, &IndexError{Index: i, Sinks: n}
		}
		parts[i] = append(parts[i], v)
	}
	return parts, nil
}

// Tee gives every item to sink as well, which runs at the same time. Its error ends the run. A slow
// sink holds up those below as in [Broadcast]; the run waits for it at the end.
func (s Stream[T]) Tee(sink Sink[T]) Stream[T] {
	name, t := s.stage("tee"), s.trait
	return s.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		st := r.stage(name)
		st.handsOver()
		f := &fan[T]{trait: t, st: st, held: r.held, cancel: cancel}
		p := f.open(ctx, sink)
		err := s.feed(ctx, r, func(in []T) error {
			if err := p.send(ctx, slices.Clone(in)); err != nil {
				return err
			}
			return pass(st, len(in), in, nil, emit)
		})
		return f.finish(err)
	})
}

// fan runs the sinks of a stream that is split.
type fan[T any] struct {
	trait  trait
	st     *stage
	held   *holder // of the goroutine that sends
	cancel context.CancelCauseFunc
	last   bool         // the run ends with the last sink
	active atomic.Int64 // sinks that run

	mu    sync.Mutex
	first error // of a sink
	ports []*port[T]
}

// fanOut runs s into what start makes of a fan, and waits for the sinks.
func fanOut[T any](ctx context.Context, s Stream[T], name string, start func(context.Context, *fan[T]) func([]T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &fan[T]{trait: s.trait, cancel: cancel}
	if s.trait.fault != nil {
		return invalid(s.trait)
	}
	var deliver func([]T) error
	tune := func(r *run) {
		f.st, f.held, r.after = r.stage(name), r.held, f.finish
		f.st.handsOver()
		deliver = start(ctx, f)
	}
	return s.execute(ctx, tune, func(chunk []T) error {
		f.st.emitted.Add(int64(len(chunk)))
		return deliver(chunk)
	})
}

// port is how chunks come to a sink.
type port[T any] struct {
	st      *stage
	held    *holder // of the goroutine that sends
	chunks  chan parcel[T]
	gone    chan struct{} // closed when the sink has returned
	through bool          // the sink has seen the end of its stream; may be read when it is gone

	ledger ledger  // of what the sink was given
	outer  []*hold // what is held for its tokens; guarded by its mu
	unread bool    // the sink has returned, and the run goes on without it; guarded by the same
}

// open starts a sink.
func (f *fan[T]) open(ctx context.Context, sink Sink[T]) *port[T] {
	p := &port[T]{st: f.st, held: f.held, chunks: make(chan parcel[T], relayed), gone: make(chan struct{})}
	p.ledger.settled = p.settled
	f.ports = append(f.ports, p)
	result := spawn(ctx, f.trait.name, func(ctx context.Context) error { return sink(ctx, p.stream(f.trait.chunk)) })
	go telemetry.Labeled(ctx, "stream", f.trait.name, func(ctx context.Context) {
		err := <-result
		if err != nil {
			f.fail(err)
		}
		p.leave((f.active.Add(-1) > 0 || !f.last) && err == nil && ended(ctx) == nil)
		close(p.gone)
	})
	return p
}

func (f *fan[T]) openAll(ctx context.Context, sinks []Sink[T]) []*port[T] {
	f.last = true
	f.active.Add(int64(len(sinks)))
	for _, s := range sinks {
		f.open(ctx, s)
	}
	return f.ports
}

// failed is the first error of a sink.
func (f *fan[T]) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first
}

// fail notes the error of a sink and ends the run.
func (f *fan[T]) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		f.first = err
	}
	f.cancel(err)
}

// idle stops the run when all sinks have returned.
func (f *fan[T]) idle(ports []*port[T]) error {
	for _, p := range ports {
		select {
		case <-p.gone:
		default:
			return nil
		}
	}
	return errStop
}

// end ends a sink's stream and waits for the sink.
func (f *fan[T]) end(p *port[T]) {
	close(p.chunks)
	<-p.gone
	f.ports = slices.DeleteFunc(f.ports, func(o *port[T]) bool { return o == p })
}

// finish ends all sinks, those of a run that failed by their context, and gives why the run ended.
func (f *fan[T]) finish(err error) error {
	if err != nil && !errors.Is(err, errStop) {
		f.cancel(err)
	}
	for _, p := range f.ports {
		close(p.chunks)
	}
	through := false
	for _, p := range f.ports {
		<-p.gone
		through = through || p.through
	}
	if err == nil && through && f.failed() == nil {
		for _, p := range f.ports {
			p.leave(true)
		}
	}
	if first := f.failed(); err == nil || first != nil && errors.Is(err, errStop) {
		return first
	}
	return err
}

// stream is what the sink gets: a stream without a name, to be run once.
func (p *port[T]) stream(length func() int) Stream[T] {
	return Stream[T]{trait: trait{chunk: length}, run: func(ctx context.Context, r *run, emit func([]T) error) error {
		for {
			select {
			case c, more := <-p.chunks:
				if !more {
					p.through = true
					return ended(ctx)
				}
				if err := under(r.held, c.held, c.items, func(chunk []T) error { return p.pieces(r, chunk, emit) }); err != nil {
					return err
				}
			case <-ctx.Done():
				return ended(ctx)
			}
		}
	}}
}

// pieces hands on a chunk in as many as those below ask for.
func (p *port[T]) pieces(r *run, chunk []T, emit func([]T) error) error {
	for len(chunk) > 0 {
		n := min(r.limit(), len(chunk))
		if err := emit(chunk[:n:n]); err != nil {
			if n < len(chunk) {
				r.held.spoil()
			}
			return err
		}
		chunk = chunk[n:]
	}
	return nil
}

// send waits until the sink has room. A sink that has returned takes nothing.
func (p *port[T]) send(ctx context.Context, chunk []T) error {
	if len(chunk) == 0 {
		return nil
	}
	began := p.st.waits(cap(p.chunks) - len(p.chunks))
	defer p.st.waited(began, &p.st.blocked)
	select {
	case p.chunks <- parcel[T]{items: chunk, held: p.keep()}:
	case <-p.gone:
	case <-ctx.Done():
		return ended(ctx)
	}
	return nil
}

// keep gives what the sink holds for the chunk in hand. It is of the port: what a sink that leaves
// early still holds then can be let go.
func (p *port[T]) keep() *hold {
	if p.held == nil || p.held.now == nil {
		return nil
	}
	p.ledger.mu.Lock()
	defer p.ledger.mu.Unlock()
	if p.unread {
		return nil
	}
	p.outer = append(p.outer, p.held.keep())
	return p.ledger.add()
}

// settled lets go of what is held for the next n tokens. The caller holds the ledger's mu.
func (p *port[T]) settled(n int) {
	n = min(n, len(p.outer))
	for i, h := range p.outer[:n] {
		p.outer[i] = nil
		h.drop()
	}
	p.outer = p.outer[n:]
}

// leave says that the sink has returned. If the run goes on without it, what it has not taken was
// left out on purpose.
func (p *port[T]) leave(unread bool) {
	p.ledger.mu.Lock()
	defer p.ledger.mu.Unlock()
	if p.unread = unread; unread {
		p.settled(len(p.outer))
	}
}
