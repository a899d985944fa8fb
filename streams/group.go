package streams

import (
	"container/list"
	"context"
	"slices"
	"time"
)

// GroupConfig bounds the groups of [GroupBy].
type GroupConfig struct {
	// Max is how many groups are open at most. For another, the one that got no item for longest is
	// ended. Defaults to 1024.
	Max int
	// Idle is how long a group stays open without an item. Defaults to 0: until Max is reached.
	Idle time.Duration
}

const defaultGroups = 1024

func (c GroupConfig) faults(t trait) trait {
	t = t.invalid(c.Max > 0, "Max", c.Max, "must be above 0")
	return t.invalid(c.Idle >= 0, "Idle", c.Idle, "must not be negative")
}

// GroupBy runs s once and gives the items of each key to a stream of their own, for which f runs in a
// goroutine. A group is ended as cfg says, by the end of its stream; a key that comes again opens a new
// one. When there are Max, and when its own last one still runs, it waits for the f of a group that was
// ended. It blocks until all have returned, and gives the first error, which ends the others too. A
// slow group holds up the rest once it is four chunks behind. With Idle, it reads ahead by at most five
// chunks.
func GroupBy[T any, K comparable](ctx context.Context, s Stream[T], cfg GroupConfig, key func(item T) K, f func(ctx context.Context, key K, in Stream[T]) error) error {
	if cfg.Max == 0 {
		cfg.Max = defaultGroups
	}
	s.trait = cfg.faults(s.trait)
	st := &stage{name: s.stage("groupby"), stream: s.trait.name}
	g := &groups[T, K]{st: st, cfg: cfg, run: f, known: make(map[K]*group[T, K])}
	if cfg.Idle > 0 {
		s = g.watch(s)
	}
	return fanOut(ctx, s, st.name, func(ctx context.Context, fan *fan[T]) func([]T) error {
		g.fan = fan
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

// groups is a GroupBy in a run, all in the goroutine that runs it.
type groups[T any, K comparable] struct {
	cfg GroupConfig
	st  *stage
	fan *fan[T]
	run func(context.Context, K, Stream[T]) error

	known   map[K]*group[T, K] // the open, and the ended
	open    list.List          // what got no item for longest first
	ended   []*group[T, K]     // ended as idle, not waited for: their f may still run
	touched []*group[T, K]     // those with items to send
}

// group is the port of a key.
type group[T any, K comparable] struct {
	*port[T]
	key   K
	place *list.Element // in the open; nil once it was ended
	items []T           // of the chunk in hand
	last  time.Time     // when its last item came
}

// sort puts the items of a chunk into their groups, until key panics.
func (g *groups[T, K]) sort(ctx context.Context, chunk []T, key func(T) K) (err error) {
	defer caught(&err)
	for _, v := range chunk {
		k := key(v)
		to := g.known[k]
		if to == nil || to.place == nil {
			if to, err = g.start(ctx, k, to); err != nil {
				return err
			}
		}
		if len(to.items) == 0 {
			g.touched = append(g.touched, to)
		}
		to.items = append(to.items, v)
		g.open.MoveToBack(to.place)
	}
	return nil
}

// start opens a group, if need be in place of others: of old, the last one of the key.
func (g *groups[T, K]) start(ctx context.Context, k K, old *group[T, K]) (*group[T, K], error) {
	if old != nil || len(g.known) >= g.cfg.Max {
		if err := g.send(ctx); err != nil {
			return nil, err
		}
		if old != nil {
			g.forget(old)
		}
		g.reap()
		if len(g.known) >= g.cfg.Max {
			g.forget(g.oldest())
		}
	}
	to := &group[T, K]{key: k}
	to.port = g.fan.open(ctx, func(ctx context.Context, in Stream[T]) error { return g.run(ctx, k, in) })
	to.place = g.open.PushBack(to)
	g.known[k] = to
	return to, nil
}

// oldest is what to end for another: a group that was ended, or else the one without an item for longest.
func (g *groups[T, K]) oldest() *group[T, K] {
	if len(g.ended) > 0 {
		return g.ended[0]
	}
	return g.idlest()
}

// idlest is the open group that got no item for longest; nil when there is none.
func (g *groups[T, K]) idlest() *group[T, K] {
	first := g.open.Front()
	if first == nil {
		return nil
	}
	return first.Value.(*group[T, K])
}

// forget ends a group, unless it was, and waits for its f.
func (g *groups[T, K]) forget(o *group[T, K]) {
	if o.place == nil {
		<-o.gone
		g.ended = slices.DeleteFunc(g.ended, func(e *group[T, K]) bool { return e == o })
	} else {
		g.fan.end(o.port)
		g.open.Remove(o.place)
	}
	delete(g.known, o.key)
}

// send hands the groups what the chunk had for them.
func (g *groups[T, K]) send(ctx context.Context) (err error) {
	for _, to := range g.touched {
		items := to.items
		to.items = nil
		if err == nil {
			err = to.send(ctx, items)
		}
	}
	if g.cfg.Idle > 0 {
		now := time.Now()
		for _, to := range g.touched {
			to.last = now
		}
	}
	clear(g.touched)
	g.touched = g.touched[:0]
	return err
}
