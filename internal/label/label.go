// Package label marks the goroutines goflow starts, so that a profile or a goroutine dump says
// which instance each belongs to.
package label

import (
	"context"
	"runtime/pprof"
)

// The keys of the pprof labels.
const (
	Kind = "goflow.kind" // what sort of instance: "limiter", "service"
	Name = "goflow.name" // the instance's name
)

// Do runs f in the calling goroutine under the labels of an instance.
func Do(ctx context.Context, kind, name string, f func(ctx context.Context)) {
	pprof.Do(ctx, pprof.Labels(Kind, kind, Name, name), f)
}

// Mark is the labels of an instance, made once for goroutines that start often.
type Mark struct {
	ctx context.Context //nolint:containedctx // the labels, in the only form in which they can be set
}

// NewMark makes a Mark.
func NewMark(kind, name string) Mark {
	return Mark{pprof.WithLabels(context.Background(), pprof.Labels(Kind, kind, Name, name))}
}

// Label puts the labels on the calling goroutine, which keeps them until it ends.
func (m Mark) Label() { pprof.SetGoroutineLabels(m.ctx) }
