package limit

import (
	"context"
	"fmt"
)

// Importance is how much it matters that something is done, when not everything can be.
type Importance uint8

const (
	// Normal is what nothing is known about.
	Normal Importance = iota
	// Critical goes before everything else.
	Critical
	// Sheddable is done when there is room for it at once, or not at all.
	Sheddable
)

// String gives the name: normal, critical or sheddable.
func (i Importance) String() string {
	switch i {
	case Normal:
		return "normal"
	case Critical:
		return "critical"
	case Sheddable:
		return "sheddable"
	}
	return fmt.Sprintf("importance %d", uint8(i))
}

// WithImportance makes what matters less be refused first by an [Overload] limit, and by a [Concurrency]
// or [Adaptive] limit whose callers wait. Without it, and for [Normal], nothing changes. It is looked at only when there is no
// permit at once:
//
//   - Sheddable does not wait: it is rejected, also by Acquire.
//   - Normal waits, in the places that the config does not keep for Critical (CriticalWaiters).
//   - Critical waits in any place, with the highest priority, whatever [WithPriority] says.
//
// A limit that does not wait treats all alike. An [Overload] limit, which does not either, refuses what is
// sheddable before what is normal, and that before what is critical.
func WithImportance(ctx context.Context, i Importance) context.Context {
	return context.WithValue(ctx, importanceKey{}, i)
}

type importanceKey struct{}

func importanceOf(ctx context.Context) Importance {
	i, _ := ctx.Value(importanceKey{}).(Importance)
	return i
}

// standing is what a caller's context says about its place in line.
type standing struct {
	priority int
	critical bool
}

func standingOf(ctx context.Context, i Importance) standing {
	if i == Critical {
		return standing{maxPriority, true}
	}
	return standing{priority: priorityOf(ctx)}
}
