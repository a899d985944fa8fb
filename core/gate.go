package core

import "context"

// maxTickets is how many tickets fit on the stack of one step.
const maxTickets = 8

// Gate is what [Compose] makes of [Admitter]s: all admit in order, and all are told in reverse order.
// Who cannot put the work in a function (an HTTP handler, an interceptor) gets one with [GateOf] and
// calls Admit and Done, without a closure. It is safe for concurrent use.
type Gate struct {
	admitters []Admitter // at most maxTickets
}

// Tickets is what the Admitters of a [Gate] need to remember from Admit to Done. The zero value is ready
// to use, once. It belongs on the caller's stack.
type Tickets struct {
	held [maxTickets]Ticket
	n    int // how many of admitters have admitted and were not told yet
}

// GateOf gives p as a Gate. It is false when p does more than admit and observe, or is made of more
// than eight Admitters.
func GateOf(p Policy) (*Gate, bool) {
	switch p := p.(type) {
	case *Gate:
		return p, true
	case Admitter:
		return &Gate{admitters: []Admitter{p}}, true
	}
	return nil, false
}

// Do runs task when all admit it, and returns its error or that of the first that refused.
func (g *Gate) Do(ctx context.Context, task Task) error {
	var t Tickets
	outcome := ErrAborted
	defer func() { g.Done(&t, outcome) }()
	err := g.Admit(ctx, &t)
	if err == nil {
		err = task(ctx)
	}
	outcome = err
	return err
}

func callAdmitted[T any](ctx context.Context, g *Gate, f func(context.Context) (T, error)) (v T, err error) {
	var t Tickets
	outcome := ErrAborted
	defer func() { g.Done(&t, outcome) }()
	err = g.Admit(ctx, &t)
	if err == nil {
		v, err = f(ctx)
	}
	outcome = err
	return v, err
}

// Admit asks each in order and stops at the first refusal, whose error it returns. It may block as they
// do. Whatever comes of it, also a panic, the caller calls Done exactly once.
func (g *Gate) Admit(ctx context.Context, t *Tickets) error {
	for i, a := range g.admitters {
		ticket, err := a.Admit(ctx)
		if err != nil {
			return err
		}
		t.held[i] = ticket
		t.n = i + 1
	}
	return nil
}

// Done tells those that admitted how it ended, the innermost first, each exactly once: with the error
// of Admit, that of the work, or [ErrAborted] when the work panicked. A Done that panics is to the outer
// ones what a task that panics is. It does not block.
func (g *Gate) Done(t *Tickets, err error) {
	defer func() {
		if t.n > 0 {
			g.Done(t, ErrAborted)
		}
	}()
	for t.n > 0 {
		t.n--
		g.admitters[t.n].Done(t.held[t.n], err)
	}
}
