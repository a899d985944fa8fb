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
			n := min(len(run), maxTickets)
			steps = append(steps, &Gate{admitters: run[:n:n]})
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
		case *Gate:
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
