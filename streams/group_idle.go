package streams

import (
	"context"
	"errors"
	"slices"
	"time"
)

// watch reads s ahead, so that groups can be ended while nothing comes.
func (g *groups[T, K]) watch(s Stream[T]) Stream[T] {
	return s.then(func(ctx context.Context, r *run, emit func([]T) error) error {
		g.st = g.fan.st
		from := relays(ctx, r, g.st, s)
		return g.settle(from.stop(g.tend(from, emit)))
	})
}

// tend hands chunks on, and ends groups in time. The timer is set for the idlest group, and not again
// when that gets an item: then it fires too early, and is set for the next.
func (g *groups[T, K]) tend(from *relay[T], emit func([]T) error) error {
	hand := func(p parcel[T]) error {
		err := under(g.fan.held, p.held, p.items, emit)
		from.recycle(p.items)
		return err
	}
	t := time.NewTimer(g.cfg.Idle)
	defer t.Stop()
	for timing := true; ; {
		began := g.st.waits(len(from.chunks))
		select {
		case p, more := <-from.chunks:
			g.st.waited(began, &g.st.idle)
			if !more {
				return nil
			}
			if err := hand(p); err != nil {
				return err
			}
		case <-t.C:
			g.st.waited(began, &g.st.idle)
			timing = false
			for range len(from.chunks) { // they came before, and a slow group may have held them up
				if err := hand(<-from.chunks); err != nil {
					return err
				}
			}
			g.expire(time.Now().Add(-g.cfg.Idle))
		}
		if next := g.idlest(); next != nil && !timing {
			timing = true
			t.Reset(time.Until(next.last.Add(g.cfg.Idle)))
		}
	}
}

// expire ends the groups whose last item came by then. It does not wait for them: others go on.
func (g *groups[T, K]) expire(then time.Time) {
	over := make(map[*port[T]]bool)
	for o := g.idlest(); o != nil && !o.last.After(then); o = g.idlest() {
		close(o.chunks)
		over[o.port] = true
		g.open.Remove(o.place)
		o.place = nil
		g.ended = append(g.ended, o)
	}
	g.fan.ports = slices.DeleteFunc(g.fan.ports, func(p *port[T]) bool { return over[p] })
	g.reap()
}

// reap forgets the ended groups whose f has returned.
func (g *groups[T, K]) reap() {
	g.ended = slices.DeleteFunc(g.ended, func(o *group[T, K]) bool {
		select {
		case <-o.gone:
			delete(g.known, o.key)
			return true
		default:
			return false
		}
	})
}

// settle waits for the ended groups at the end of a run, which ends their contexts if it failed.
func (g *groups[T, K]) settle(err error) error {
	if err != nil && !errors.Is(err, errStop) {
		g.fan.cancel(err)
	}
	for _, o := range g.ended {
		<-o.gone
	}
	return err
}
