package flowadmin

import (
	"context"

	"github.com/goflow-go/goflow/core/resilience"
)

// Breaker makes an [Engine], of kind "breaker", of a breaker: its state and its window, and the actions
// force_open, force_closed and reset, which lets it open and close by itself again. The two that force it
// are to be confirmed: they last until the next of the three.
func Breaker(b *resilience.Breaker) Engine {
	act := func(name, text string, confirm bool, do func(context.Context)) Action {
		return Action{Name: name, Text: text, Confirm: confirm, Do: func(ctx context.Context, _ map[string]string) (string, error) {
			before := stateOf(b.Stats())
			do(ctx)
			return changed("breaker", before, stateOf(b.Stats())), nil
		}}
	}
	return described("breaker", b, func() []Field { return breakerFields(b.Stats()) },
		act("force_open", "Reject all calls", true, b.ForceOpen),
		act("force_closed", "Let all calls through", true, b.ForceClosed),
		act("reset", "Close it, and let it open by itself again", false, b.Reset),
	)
}

// stateOf gives the state, and whether an operator put it there.
func stateOf(s resilience.BreakerStats) string {
	if s.Forced {
		return s.State.String() + " (forced)"
	}
	return s.State.String()
}

func breakerFields(s resilience.BreakerStats) []Field {
	return []Field{
		{"state", stateOf(s)},
		field("calls in the window", s.WindowCalls),
		field("failed in the window", s.WindowFailures),
		field("slow in the window", s.WindowSlow),
	}
}
