package core_test

import (
	"context"
	"sync"

	"github.com/goflow-go/goflow/core"
)

// diary notes what happens, from many goroutines.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	return lines
}

// fakeService notes its starts and stops, and does more when told to.
type fakeService struct {
	diary       *diary
	name        string
	start, stop func(ctx context.Context) error
	failed      chan error
}

func (s *fakeService) Start(ctx context.Context) error {
	s.diary.note("start " + s.name)
	if s.start != nil {
		return s.start(ctx)
	}
	return nil
}

func (s *fakeService) Stop(ctx context.Context) error {
	s.diary.note("stop " + s.name)
	if s.stop != nil {
		return s.stop(ctx)
	}
	return nil
}

func (s *fakeService) Failed() <-chan error { return s.failed }

// members makes a Member of each.
func members(services ...*fakeService) []core.Member {
	list := make([]core.Member, len(services))
	for i, s := range services {
		list[i] = core.Member{Name: s.name, Service: s}
	}
	return list
}

// untilEnd is what a slow service does when it stops.
func untilEnd(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func boom(context.Context) error { panic("boom") }

func first(context.Context) error { return errFirst }
