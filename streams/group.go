package streams

import (
	"context"
	"math"
)

// GroupBy runs s once and gives the items of each key to a stream of their own, for which f runs in a
// goroutine. At most max groups are open: for another, the one that got no item for longest is ended,
// and its f waited for. A key that comes again opens a new group. It blocks until all have returned,
// and gives the first error, which ends the others too. A slow group holds up the rest once it is
// four chunks behind.
func GroupBy[T any, K comparable](ctx context.Context, s Stream[T], max int, key func(item T) K, f func(ctx context.Context, key K, in Stream[T]) error) error {
	s.trait = s.trait.invalid(max > 0, "max", max, "must be above 0")
	st := &stage{name: s.stage("groupby"), stream: s.trait.name}
	return fanOut(ctx, s, func(ctx context.Context, fan *fan[T]) func([]T) error {
		g := &groups[T, K]{fan: fan, max: max, run: f, open: make(map[K]*group[T])}
		return func(chunk []T) error {
			bad := g.sort(ctx, chunk, key)
			if err := g.send(ctx); err != nil {
				return err
			}
			if bad != nil {
				return st.failing(ctx, bad)
			}
			return nil
		}
	})
}

// groups is a GroupBy in a run.
type groups[T any, K comparable] struct {
	fan     *fan[T]
	max     int
	run     func(context.Context, K, Stream[T]) error
	open    map[K]*group[T]
	touched []*group[T] // those with items to send
	now     int         // counts items
}

// group is the port of a key.
type group[T any] struct {
	*port[T]
	items []T // of the chunk in hand
	last  int // when its last item came
}

// sort puts the items of a chunk into their groups, until key panics.
func (g *groups[T, K]) sort(ctx context.Context, chunk []T, key func(T) K) (err error) {
	defer caught(&err)
	for _, v := range chunk {
		g.now++
		k := key(v)
		to := g.open[k]
		if to == nil {
			if to, err = g.start(ctx, k); err != nil {
				return err
			}
		}
		if len(to.items) == 0 {
			g.touched = append(g.touched, to)
		}
		to.items, to.last = append(to.items, v), g.now
	}
	return nil
}

// start opens a group, if need be in place of another.
func (g *groups[T, K]) start(ctx context.Context, k K) (*group[T], error) {
	if len(g.open) >= g.max {
		if err := g.send(ctx); err != nil {
			return nil, err
		}
		g.evict()
	}
	to := &group[T]{port: g.fan.open(ctx, func(ctx context.Context, in Stream[T]) error { return g.run(ctx, k, in) })}
	g.open[k] = to
	return to, nil
}

// evict ends the group that got no item for longest.
func (g *groups[T, K]) evict() {
	var oldest K
	least := math.MaxInt
	for k, o := range g.open {
		if o.last < least {
			oldest, least = k, o.last
		}
	}
	o := g.open[oldest]
	delete(g.open, oldest)
	g.fan.end(o.port)
}

// send hands the groups what the chunk had for them.
func (g *groups[T, K]) send(ctx context.Context) error {
	for i, to := range g.touched {
		g.touched[i] = nil
		items := to.items
		to.items = nil
		if err := to.send(ctx, items); err != nil {
			return err
		}
	}
	g.touched = g.touched[:0]
	return nil
}
