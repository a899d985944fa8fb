package wheel_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/internal/clock"
	"github.com/goflow-go/goflow/internal/wheel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// event is that a timer fired.
type event struct {
	id int
	at time.Duration // since the recorder began
}

// recorder has a wheel of one shard, whose payloads are ids, and writes down what it fires.
type recorder struct {
	*wheel.Wheel[int]
	began int64

	mu      sync.Mutex
	events  []event
	batches []int // sizes
}

func newRecorder() *recorder {
	r := &recorder{began: clock.Now()}
	r.Wheel = wheel.NewSharded(1, r.record)
	return r
}

func (r *recorder) record(batch []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batches = append(r.batches, len(batch))
	for _, id := range batch {
		r.events = append(r.events, event{id, r.now()})
	}
}

// now is the time since r began.
func (r *recorder) now() time.Duration { return time.Duration(clock.Now() - r.began) }

// after adds a timer that fires at a time since r began.
func (r *recorder) after(d time.Duration, id int) wheel.Handle[int] {
	return r.At(r.began+int64(d), id)
}

// until lets time pass until a time since r began, in a bubble.
func (r *recorder) until(d time.Duration) {
	<-time.After(d - r.now())
	synctest.Wait()
}

// take gives the events since the last call.
func (r *recorder) take() []event {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

// want fails the test unless these events came since the last call.
func (r *recorder) want(t *testing.T, events ...event) {
	t.Helper()
	got := r.take()
	for i, want := range events {
		if i >= len(got) || got[i] != want {
			t.Fatalf("at %v: fired %d timers, want %d; from the %dth on %v, want %v",
				r.now(), len(got), len(events), i, first(got[min(i, len(got)):]), first(events[i:]))
		}
	}
	if len(got) > len(events) {
		t.Fatalf("at %v: fired also %v", r.now(), first(got[len(events):]))
	}
}

// first gives a few events to print.
func first(events []event) []event { return events[:min(len(events), 5)] }

// inBubble runs a test of a recorder in a bubble.
func inBubble(t *testing.T, f func(t *testing.T, r *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder()
		defer r.Close()
		f(t, r)
	})
}
