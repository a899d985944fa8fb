package sched

import (
	"context"
	"errors"
	"fmt"
)

// Start opens the pipeline again after Stop; one that is open stays so. It does not block. It is an error to
// start a pipeline that is being stopped.
func (p *Pipeline[In, Out]) Start(ctx context.Context) error { return p.line.start(ctx) }

// Stop takes no more items and lets those inside go through. When 9/10 of the time that ctx has left are
// over, it ends the contexts of what runs, and no item goes on to another stage: each fails with a
// [*StageError] that matches core.ErrClosed or is what its stage says. It waits for what runs until ctx
// ends.
//
// It returns nil, or an [*UnfinishedError] when items could not go through; whoever waits for one of them
// knows. Stop is idempotent, and may be called by many at the same time.
func (p *Pipeline[In, Out]) Stop(ctx context.Context) error { return p.line.stop(ctx) }

// stopped is the answer to who comes too late.
func (l *line) stopped() *StoppedError { return &StoppedError{Kind: "pipeline", Name: l.name} }

// enter lets an item in, if the line takes any.
func (l *line) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open {
		l.inside++
	}
	return l.open
}

// leave lets an item out.
func (l *line) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inside--; l.inside == 0 && !l.open {
		close(l.drained)
	}
}

// active is how many items are inside.
func (l *line) active() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inside
}

// close takes no more items. The channel is closed when all that are inside have left.
func (l *line) close() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stops++
	if l.open {
		l.open, l.drained = false, make(chan struct{})
		if l.inside == 0 {
			close(l.drained)
		}
	}
	return l.drained
}

func (l *line) start(ctx context.Context) error {
	l.lifecycle.Lock()
	defer l.lifecycle.Unlock()
	l.mu.Lock()
	open, stopping := l.open, l.stops > 0
	l.mu.Unlock()
	switch {
	case stopping:
		return fmt.Errorf("sched: pipeline %q is being stopped", l.name)
	case open:
		return nil
	}
	for _, s := range l.stages {
		if err := s.pool.Start(ctx); err != nil {
			return err
		}
	}
	l.reader.Reopen()
	l.mu.Lock()
	l.open = true
	l.mu.Unlock()
	return nil
}

func (l *line) stop(ctx context.Context) error {
	drained := l.close()
	defer l.closed()
	lost := 0
	if !mostlyWait(ctx, drained) {
		lost = l.active()
		over, cancel := context.WithCancel(ctx)
		cancel()
		for _, s := range l.stages { // so that all end what they do now, and not one after the other
			_ = s.pool.Stop(over)
		}
	}
	running := l.stopPools(ctx)
	if lost == 0 && len(running) == 0 {
		return nil
	}
	u := &UnfinishedError{Kind: "pipeline", Name: l.name, Running: running, told: max(lost-len(running), 0), Cause: context.Cause(ctx)}
	if u.Cause == nil {
		u.Cause = context.DeadlineExceeded // nearly: the grace is a part of the time ctx had
	}
	return u
}

// closed ends a Stop.
func (l *line) closed() {
	l.lifecycle.Lock()
	defer l.lifecycle.Unlock()
	l.mu.Lock()
	l.stops--
	last := l.stops == 0
	l.mu.Unlock()
	if last {
		l.reader.Close()
	}
}

// stopPools stops the workers of all stages, and says for which stages some still run.
func (l *line) stopPools(ctx context.Context) (running []string) {
	for _, s := range l.stages {
		if u, ok := errors.AsType[*UnfinishedError](s.pool.Stop(ctx)); ok {
			running = append(running, u.Running...)
		}
	}
	return running
}
