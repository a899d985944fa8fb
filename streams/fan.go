package streams

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Sink is where a stream goes that was split: it runs the stream it is given with a terminal
// operation, and returns its error. The stream has no name, and can be run once.
type Sink[T any] func(ctx context.Context, in Stream[T]) error

// Broadcast runs s once and gives every item to each of the sinks, which run at the same time. It
// blocks until all have returned, and gives the first error, which ends the others too. A slow sink
// holds up the rest once it is four chunks behind, unless it lets items go with [Stream.Buffer]. One
// that returns early gets no more; when all have, the run ends.
func Broadcast[T any](ctx context.Context, s Stream[T], sinks ...Sink[T]) error {
	return fanOut(ctx, s, func(ctx context.Context, f *fan[T]) func([]T) error {
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
	return fanOut(ctx, s, func(ctx context.Context, f *fan[T]) func([]T) error {
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
		f := &fan[T]{trait: t, cancel: cancel}
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
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	first error // of a sink
	ports []*port[T]
}

// fanOut runs s into what start makes of a fan, and waits for the sinks.
func fanOut[T any](ctx context.Context, s Stream[T], start func(context.Context, *fan[T]) func([]T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &fan[T]{trait: s.trait, cancel: cancel}
	if s.trait.fault != nil {
		return invalid(s.trait)
	}
	deliver := start(ctx, f)
	return f.finish(s.execute(ctx, nil, deliver))
}

// port is how chunks come to a sink.
type port[T any] struct {
	chunks chan []T
	gone   chan struct{} // closed when the sink has returned
}

// open starts a sink.
func (f *fan[T]) open(ctx context.Context, sink Sink[T]) *port[T] {
	p := &port[T]{chunks: make(chan []T, relayed), gone: make(chan struct{})}
	f.ports = append(f.ports, p)
	result := spawn(ctx, f.trait.name, func(ctx context.Context) error { return sink(ctx, p.stream(f.trait.chunk)) })
	go func() {
		defer close(p.gone)
		if err := <-result; err != nil {
			f.fail(err)
		}
	}()
	return p
}

func (f *fan[T]) openAll(ctx context.Context, sinks []Sink[T]) []*port[T] {
	for _, s := range sinks {
		f.open(ctx, s)
	}
	return f.ports
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
	for _, p := range f.ports {
		<-p.gone
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil || f.first != nil && errors.Is(err, errStop) {
		return f.first
	}
	return err
}

// stream is what the sink gets: a stream without a name, to be run once.
func (p *port[T]) stream(length func() int) Stream[T] {
	return Stream[T]{trait: trait{chunk: length}, run: func(ctx context.Context, r *run, emit func([]T) error) error {
		for {
			select {
			case chunk, more := <-p.chunks:
				if !more {
					return ended(ctx)
				}
				if err := p.pieces(r, chunk, emit); err != nil {
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
	select {
	case p.chunks <- chunk:
	case <-p.gone:
	case <-ctx.Done():
		return ended(ctx)
	}
	return nil
}
