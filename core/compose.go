package core

import "context"

// Compose makes one policy of many; the first is the outermost. Nil policies are left out, and
// without any the task runs as it is.
//
// Neighbouring policies that are [Admitter]s are run as one step: all admit in order, the task
// runs, all are told in reverse order. What they see is exactly what they would see nested, but
// there is no closure between them, and up to eight in a row allocate nothing. When a later one
// refuses, the earlier ones are told its error, as if it had been their task's.
func Compose(policies ...Policy) Policy {
	var steps []Policy
	var run []Admitter
	flush := func() {
		for len(run) > 0 {
			n := min(len(run), maxAdmission)
			steps = append(steps, &admission{admitters: run[:n:n]})
			run = run[n:]
		}
		run = nil
	}
	for _, p := range flatten(policies) {
		if a, ok := p.(Admitter); ok {
			run = append(run, a)
			continue
		}
		flush()
		steps = append(steps, p)
	}
	flush()
	if len(steps) == 1 {
		return steps[0]
	}
	return chain(steps)
}

// flatten opens what Compose itself made, so that Admitters become neighbours across compositions.
func flatten(policies []Policy) []Policy {
	var flat []Policy
	for _, p := range policies {
		switch p := p.(type) {
		case nil:
		case chain:
			flat = append(flat, flatten(p)...)
		case *admission:
			for _, a := range p.admitters {
				flat = append(flat, a)
			}
		default:
			flat = append(flat, p)
		}
	}
	return flat
}

// chain runs its steps nested, the first outermost.
type chain []Policy

func (c chain) Do(ctx context.Context, task Task) error {
	switch len(c) {
	case 0:
		return task(ctx)
	case 1:
		return c[0].Do(ctx, task)
	}
	return c[0].Do(ctx, func(ctx context.Context) error { return c[1:].Do(ctx, task) })
}

// maxAdmission is how many tickets fit on the stack of one step.
const maxAdmission = 8

// admission is a run of Admitters without closures between them.
type admission struct {
	admitters []Admitter // at most maxAdmission
}

// tickets is the part of an admission's state that lives on the caller's stack.
type tickets struct {
	held [maxAdmission]Ticket
	n    int // how many of admitters have admitted and were not told yet
}

func (p *admission) Do(ctx context.Context, task Task) error {
	var t tickets
	outcome := ErrAborted
	defer func() { p.done(&t, outcome) }()
	err := p.admit(ctx, &t)
	if err == nil {
		err = task(ctx)
	}
	outcome = err
	return err
}

func callAdmitted[T any](ctx context.Context, p *admission, f func(context.Context) (T, error)) (v T, err error) {
	var t tickets
	outcome := ErrAborted
	defer func() { p.done(&t, outcome) }()
	err = p.admit(ctx, &t)
	if err == nil {
		v, err = f(ctx)
	}
	outcome = err
	return v, err
}

// admit asks each in order and stops at the first refusal.
func (p *admission) admit(ctx context.Context, t *tickets) error {
	for i, a := range p.admitters {
		ticket, err := a.Admit(ctx)
		if err != nil {
			return err
		}
		t.held[i] = ticket
		t.n = i + 1
	}
	return nil
}

// done tells those that admitted, the innermost first, each exactly once. A Done that panics is to
// the outer ones what a task that panics is.
func (p *admission) done(t *tickets, err error) {
	defer func() {
		if t.n > 0 {
			p.done(t, ErrAborted)
		}
	}()
	for t.n > 0 {
		t.n--
		p.admitters[t.n].Done(t.held[t.n], err)
	}
}
