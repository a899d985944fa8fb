package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/goflow-go/goflow/internal/label"
)

// Member is a [Service] of a [Group] under the name its errors carry.
type Member struct {
	Name    string
	Service Service
}

// GroupConfig is the config of a [Group].
type GroupConfig struct {
	// StopTimeout bounds the stopping of all members together, where no caller's context does:
	// after a failed Start, and in Run. Defaults to 30 s.
	StopTimeout time.Duration
}

// Validate reports what is wrong with c.
func (c GroupConfig) Validate() error {
	var faults Faults
	faults.Require(c.StopTimeout >= 0, "StopTimeout", c.StopTimeout, "must not be negative")
	return faults.Err()
}

// Group runs services as one: Start starts them in order, Stop stops them in reverse order, and
// the first failure stops all. A member's panic is an error like any other. A Group is itself a
// [Service], and can be started again after Stop. Most programs call [Group.Run].
type Group struct {
	name        string
	members     []Member
	stopTimeout time.Duration
	failed      chan error

	turn    chan struct{} // holds one token: whoever has it may touch what is below
	running []Member      // those to be stopped, in the order they started
	unwatch func()        // ends the watching of members; nil unless started
}

// NewGroup makes a Group of members, in the order they start. The name is the subject of its
// errors. Members need a service and distinct names.
func NewGroup(name string, cfg GroupConfig, members ...Member) (*Group, error) {
	var faults Faults
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		faults.Require(m.Name != "", "Member.Name", m.Name, "must not be empty")
		faults.Require(!seen[m.Name], "Member.Name", m.Name, "must be given once")
		faults.Require(m.Service != nil, "Member.Service", m.Name, "must not be nil")
		seen[m.Name] = true
	}
	if err := Configure("core", name, errors.Join(cfg.Validate(), faults.Err())); err != nil {
		return nil, err
	}
	if cfg.StopTimeout == 0 {
		cfg.StopTimeout = 30 * time.Second
	}
	g := &Group{
		name: name, members: slices.Clone(members), stopTimeout: cfg.StopTimeout,
		failed: make(chan error, 1), turn: make(chan struct{}, 1),
	}
	g.turn <- struct{}{}
	return g, nil
}

// Start starts the members in order. When one fails, those already started are stopped in reverse
// order and the errors of all are returned.
func (g *Group) Start(ctx context.Context) error {
	if err := g.lock(ctx); err != nil {
		return err
	}
	defer g.unlock()
	if g.unwatch != nil || len(g.running) > 0 {
		return fmt.Errorf("core: group %q is already started", g.name)
	}
	select {
	case <-g.failed: // of an earlier run, and nobody asked
	default:
	}
	for _, m := range g.members {
		if err := Try(ctx, m.Service.Start); err != nil {
			err = fmt.Errorf("core: group %q: start %q: %w", g.name, m.Name, err)
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.stopTimeout)
			defer cancel()
			return errors.Join(err, g.stop(ctx))
		}
		g.running = append(g.running, m)
	}
	g.watch()
	return nil
}

// Stop stops the members in reverse order and joins their errors. Each is told to stop, even when
// an earlier one failed to, or ctx ended. Those that had not stopped when ctx ended are stopped
// again by the next Stop, and until then the group counts as started.
func (g *Group) Stop(ctx context.Context) error {
	if err := g.lock(ctx); err != nil {
		return err
	}
	defer g.unlock()
	return g.stop(ctx)
}

// Failed gives the first failure of a member after Start. Members report one by being [Watched].
func (g *Group) Failed() <-chan error { return g.failed }

// Run starts the group, waits until ctx ends or a member fails, and stops the group. It returns
// the failure and what went wrong in stopping; the end of ctx is not an error.
func (g *Group) Run(ctx context.Context) error {
	if err := g.Start(ctx); err != nil {
		return err
	}
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-g.failed:
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.stopTimeout)
	defer cancel()
	err := g.Stop(ctx)
	if failure == nil {
		select {
		case failure = <-g.failed: // at the same moment as the end of ctx
		default:
		}
	}
	return errors.Join(failure, err)
}

// lock takes the turn. It is taken even when ctx has ended, if nobody else has it.
func (g *Group) lock(ctx context.Context) error {
	select {
	case <-g.turn:
		return nil
	default:
	}
	select {
	case <-g.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("core: group %q is busy: %w", g.name, context.Cause(ctx))
	}
}

func (g *Group) unlock() { g.turn <- struct{}{} }

// stop stops those running; the caller holds the turn.
func (g *Group) stop(ctx context.Context) error {
	if g.unwatch != nil {
		g.unwatch()
		g.unwatch = nil
	}
	var errs []error
	var left []Member
	for _, m := range slices.Backward(g.running) {
		err := Try(ctx, m.Service.Stop)
		if err == nil {
			continue
		}
		errs = append(errs, fmt.Errorf("core: group %q: stop %q: %w", g.name, m.Name, err))
		if ctx.Err() != nil {
			left = append(left, m)
		}
	}
	slices.Reverse(left)
	g.running = left
	return errors.Join(errs...)
}

// watch passes on the first failure of the members; the caller holds the turn.
func (g *Group) watch() {
	quit := make(chan struct{})
	mark := label.NewMark("group", g.name)
	var watchers sync.WaitGroup
	for _, m := range g.members {
		w, ok := m.Service.(Watched)
		if !ok {
			continue
		}
		watchers.Go(func() {
			mark.Label()
			var err error
			select {
			case err = <-w.Failed():
			case <-quit:
				select {
				case err = <-w.Failed(): // just before
				default:
				}
			}
			if err == nil { // it did not fail, or closed the channel
				return
			}
			select {
			case g.failed <- fmt.Errorf("core: group %q: %q: %w", g.name, m.Name, err):
			default: // not the first
			}
		})
	}
	g.unwatch = func() {
		close(quit)
		watchers.Wait()
	}
}
