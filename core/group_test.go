package core_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
)

func newGroup(t *testing.T, services ...*fakeService) *core.Group {
	t.Helper()
	g, err := core.NewGroup("app", core.GroupConfig{}, members(services...)...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func three() (d *diary, a, b, c *fakeService) {
	d = &diary{}
	return d, &fakeService{diary: d, name: "a"}, &fakeService{diary: d, name: "b"}, &fakeService{diary: d, name: "c"}
}

// expect fails the test unless the diary holds exactly the lines, which it forgets.
func (d *diary) expect(t *testing.T, lines ...string) {
	t.Helper()
	if got := d.take(); !slices.Equal(got, lines) {
		t.Errorf("got  %q\nwant %q", got, lines)
	}
}

// expectError fails the test unless err has all the parts in its text.
func expectError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the error: %v", part, err)
		}
	}
}

func TestGroupStartsInOrderAndStopsInReverse(t *testing.T) {
	t.Parallel()
	d, a, b, c := three()
	g := newGroup(t, a, b, c)
	for range 2 { // it can be started again
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		expectError(t, g.Start(t.Context()), `core: group "app" is already started`)
		for range 2 { // the second Stop does nothing
			if err := g.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		d.expect(t, "start a", "start b", "start c", "stop c", "stop b", "stop a")
	}
}

func TestGroupStopWithoutStartDoesNothing(t *testing.T) {
	t.Parallel()
	d, a, b, c := three()
	if err := newGroup(t, a, b, c).Stop(t.Context()); err != nil {
		t.Error(err)
	}
	d.expect(t)
}

func TestGroupOfNothingStartsAndStops(t *testing.T) {
	t.Parallel()
	g := newGroup(t)
	if err := g.Start(t.Context()); err != nil {
		t.Error(err)
	}
	expectError(t, g.Start(t.Context()), "already started")
	if err := g.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGroupStartFailureStopsThoseStarted(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context) error{"error": first, "panic": boom} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, a, b, c := three()
			a.stop, b.stop, c.start = boom, func(context.Context) error { return errors.New("b is stuck") }, fail
			g := newGroup(t, a, b, c)
			err := g.Start(t.Context())
			expectError(t, err, `core: group "app": start "c": `, `stop "b": b is stuck`, `stop "a": core: task panicked: boom`)
			if name == "error" && !errors.Is(err, errFirst) {
				t.Errorf("%v is not the error of the member", err)
			}
			d.expect(t, "start a", "start b", "start c", "stop b", "stop a")
			if err := g.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			d.expect(t)
		})
	}
}

func TestGroupStopsAllWhateverTheirErrors(t *testing.T) {
	t.Parallel()
	d, a, b, c := three()
	b.stop, c.stop = first, boom
	g := newGroup(t, a, b, c)
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.take()
	err := g.Stop(t.Context())
	expectError(t, err, `core: group "app": stop "b": first`, `stop "c": core: task panicked: boom`)
	if !errors.Is(err, errFirst) || core.ErrorType(err) != core.TypePanic {
		t.Errorf("errors are not joined: %v", err)
	}
	d.expect(t, "stop c", "stop b", "stop a")
}

func TestGroupStopTellsAllEvenWhenItsContextHasEnded(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // a select between two ready channels would fail one of these
		d, a, b, c := three()
		g := newGroup(t, a, b, c)
		if err := errors.Join(g.Start(ended), g.Stop(ended)); err != nil {
			t.Fatal(err)
		}
		d.expect(t, "start a", "start b", "start c", "stop c", "stop b", "stop a")
	}
}

func TestGroupStopAgainWaitsForThoseThatHadNotStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, a, b, c := three()
		b.stop = untilEnd
		g := newGroup(t, a, b, c)
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.take()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := g.Stop(ctx)
		if expectError(t, err, `stop "b"`); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		d.expect(t, "stop c", "stop b", "stop a")
		expectError(t, g.Start(t.Context()), "already started")
		b.stop = nil
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		d.expect(t, "stop b")
	})
}

func TestGroupStopFromManyGoroutinesStopsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, a, b, c := three()
		b.stop = func(context.Context) error { <-time.After(time.Second); return nil }
		g := newGroup(t, a, b, c)
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.take()
		var stops sync.WaitGroup
		start := time.Now()
		for range 16 {
			stops.Go(func() {
				if err := g.Stop(t.Context()); err != nil || time.Since(start) != time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
			})
		}
		stops.Wait()
		d.expect(t, "stop c", "stop b", "stop a")
	})
}

func TestGroupStopGivesUpItsTurnWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, a, _, _ := three()
		a.start = func(context.Context) error { <-time.After(time.Minute); return nil }
		g := newGroup(t, a)
		go func() { _ = g.Start(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := g.Stop(ctx)
		if expectError(t, err, `core: group "app" is busy`); core.ErrorType(err) != core.TypeTimeout {
			t.Errorf("got %v", err)
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestNewGroupRefusesABadConfig(t *testing.T) {
	t.Parallel()
	s := &fakeService{}
	cases := map[string]struct {
		name    string
		cfg     core.GroupConfig
		members []core.Member
		want    []string
	}{
		"no name":          {"", core.GroupConfig{}, nil, []string{`core: "": name must not be empty`}},
		"negative timeout": {"g", core.GroupConfig{StopTimeout: -1}, nil, []string{`core: "g": StopTimeout must not be negative, got -1ns`}},
		"nameless member":  {"g", core.GroupConfig{}, []core.Member{{"", s}}, []string{"Member.Name must not be empty"}},
		"same name twice":  {"g", core.GroupConfig{}, []core.Member{{"m", s}, {"m", s}}, []string{`Member.Name must be given once, got "m"`}},
		"no service":       {"g", core.GroupConfig{}, []core.Member{{"m", nil}}, []string{`Member.Service must not be nil, got "m"`}},
		"everything":       {"", core.GroupConfig{StopTimeout: -1}, []core.Member{{}}, []string{"name", "StopTimeout", "Member.Name", "Member.Service"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := core.NewGroup(c.name, c.cfg, c.members...)
			if expectError(t, err, c.want...); g != nil || !errors.Is(err, core.ErrInvalid) {
				t.Errorf("got %v, %v", g, err)
			}
		})
	}
}
