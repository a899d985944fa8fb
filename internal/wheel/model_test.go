package wheel_test

import (
	"cmp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/internal/wheel"
)

// pending is a timer of the model.
type pending struct {
	id       int // in order of insertion
	deadline time.Duration
	earliest time.Duration // when it was added, or resumed
}

// model is a wheel as a sorted slice.
type model struct {
	timers []pending
	paused bool
}

func (m *model) add(p pending) {
	m.timers = append(m.timers, p)
	slices.SortStableFunc(m.timers, func(a, b pending) int { return cmp.Compare(a.deadline, b.deadline) })
}

func (m *model) stop(id int) bool {
	before := len(m.timers)
	m.timers = slices.DeleteFunc(m.timers, func(p pending) bool { return p.id == id })
	return len(m.timers) < before
}

func (m *model) resume(now time.Duration) {
	m.paused = false
	for i := range m.timers {
		m.timers[i].earliest = now
	}
}

// fire takes out what fires until now.
func (m *model) fire(now time.Duration) (events []event) {
	for !m.paused && len(m.timers) > 0 && m.timers[0].deadline <= now {
		p := m.timers[0]
		m.timers = m.timers[1:]
		events = append(events, event{p.id, max(p.deadline, p.earliest)})
	}
	return events
}

// reaches are how far timers and the clock go at a step, from a part of a tick to beyond the seventh level.
var reaches = []time.Duration{10, tick, 20 * tick, 64 * tick, time.Second, time.Hour, 30 * 24 * time.Hour, 20 * year}

func drawReach(t *rapid.T, most time.Duration) time.Duration {
	reach := min(rapid.SampledFrom(reaches).Draw(t, "reach"), most)
	return time.Duration(rapid.Int64Range(0, int64(reach)).Draw(t, "d"))
}

func TestWheelFiresAsASortedSliceDoes(t *testing.T) {
	t.Parallel()
	checkInBubbles(t, func(t *rapid.T) {
		r, m := newRecorder(), &model{}
		defer r.Close()
		var handles []wheel.Handle[int]
		add := func(deadline time.Duration) {
			p := pending{len(handles), deadline, r.now()}
			handles = append(handles, r.after(p.deadline, p.id))
			m.add(p)
		}
		actions := map[string]func(*rapid.T){
			"add":         func(t *rapid.T) { add(r.now() + drawReach(t, 20*year)) },
			"add overdue": func(t *rapid.T) { add(r.now() - drawReach(t, time.Hour)) },
			"add a crowd": func(t *rapid.T) {
				base := r.now() + drawReach(t, 20*year)
				for range rapid.IntRange(1, 40).Draw(t, "crowd") {
					add(base + time.Duration(rapid.IntRange(1, 4).Draw(t, "d")))
				}
			},
			"stop": func(t *rapid.T) {
				if len(handles) == 0 {
					return
				}
				id := rapid.IntRange(0, len(handles)-1).Draw(t, "id")
				if got, want := handles[id].Stop(), m.stop(id); got != want {
					t.Fatalf("Stop of timer %d = %v, want %v", id, got, want)
				}
			},
			"advance": func(t *rapid.T) {
				if r.now() < 150*year { // time ends in 2262
					r.until(r.now() + drawReach(t, 2*year))
				}
			},
			"pause":  func(*rapid.T) { r.Pause(); m.paused = true },
			"resume": func(*rapid.T) { r.Resume(); m.resume(r.now()) },
			"": func(t *rapid.T) {
				if got, want := r.take(), m.fire(r.now()); !slices.Equal(got, want) {
					t.Fatalf("at %v: fired %v, want %v", r.now(), got, want)
				}
				if got, want := r.Len(), len(m.timers); got != want {
					t.Fatalf("Len = %d, want %d", got, want)
				}
			},
		}
		t.Repeat(actions)
	})
}

// checkInBubbles is rapid.Check with a bubble for each case. (In one bubble for all, its time would
// reach rapid's own deadline.)
func checkInBubbles(t *testing.T, f func(t *rapid.T)) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		var stopped any // rapid ends a case by a panic
		synctest.Test(t, func(*testing.T) {
			defer func() { stopped = recover() }()
			f(r)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}
