package limit_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/limit"
)

const modelWaiters = 4 // MaxWaiters of the models

// fate is what became of a caller.
type fate string

const (
	waits     fate = "waits"
	holds     fate = "holds"
	gaveUp    fate = "gave up"
	crowded   fate = "crowded out"
	senseless fate = "asked for too many"
)

// fateOf tells from the error of Acquire.
func fateOf(err error) fate {
	var full *limit.FullError
	switch {
	case err == nil:
		return holds
	case errors.As(err, &full):
		return crowded
	case errors.Is(err, limit.ErrExceedsBurst):
		return senseless
	}
	return gaveUp
}

// caller is one who called Acquire.
type caller struct {
	number, n int
	came      time.Duration // less the lead of its priority
	cancel    context.CancelFunc
	err       chan error
	fate      fate // in the model
	real      fate
}

// semaphore is the obvious model of a Concurrency limit.
type semaphore struct {
	limit, held int
	line        []*caller
}

func (m *semaphore) acquire(c *caller) {
	m.line = append(m.line, c)
	slices.SortStableFunc(m.line, func(a, b *caller) int { return int(a.came - b.came) })
	c.fate = waits
	m.serve()
	if c.n > m.limit {
		m.leave(c, senseless)
	} else if c.fate == waits && len(m.line) > modelWaiters {
		m.leave(c, crowded)
	}
}

func (m *semaphore) try(n int) bool {
	if ok := len(m.line) == 0 && n <= m.limit && m.held+n <= m.limit; !ok {
		return false
	}
	m.held += n
	return true
}

func (m *semaphore) leave(c *caller, why fate) {
	m.line = slices.DeleteFunc(m.line, func(other *caller) bool { return other == c })
	c.fate = why
	m.serve()
}

func (m *semaphore) release(n int) {
	m.held -= min(n, m.held)
	m.serve()
}

func (m *semaphore) resize(limit int) {
	m.limit = limit
	for _, c := range slices.Clone(m.line) {
		if c.n > limit {
			m.line = slices.DeleteFunc(m.line, func(other *caller) bool { return other == c })
			c.fate = senseless
		}
	}
	m.serve()
}

func (m *semaphore) serve() {
	for len(m.line) > 0 && m.held+m.line[0].n <= m.limit {
		m.line[0].fate = holds
		m.held += m.line[0].n
		m.line = m.line[1:]
	}
}

// trial runs a Concurrency limit beside its model.
type trial struct {
	t       *rapid.T
	real    *limit.Concurrency
	model   semaphore
	start   time.Time
	callers []*caller
	loose   int // permits had by TryAcquire
}

func (r *trial) acquire() {
	n := rapid.IntRange(1, 5).Draw(r.t, "n")
	priority := rapid.SampledFrom([]int{0, 0, 0, 1, 2, -1}).Draw(r.t, "priority")
	ctx, cancel := context.WithCancel(limit.WithPriority(context.Background(), priority))
	c := &caller{
		number: len(r.callers), n: n, cancel: cancel, err: make(chan error, 1), real: waits,
		came: time.Since(r.start) - time.Duration(priority)*time.Second,
	}
	r.callers = append(r.callers, c)
	go func() { c.err <- r.real.Acquire(ctx, n) }()
	r.model.acquire(c)
}

func (r *trial) try() {
	n := rapid.IntRange(1, 5).Draw(r.t, "n")
	got, want := r.real.TryAcquire(context.Background(), n), r.model.try(n)
	if got != want {
		r.t.Fatalf("TryAcquire(%d) is %v", n, got)
	}
	if got {
		r.loose += n
	}
}

// of gives a caller of a fate, if there is one.
func (r *trial) of(f fate) *caller {
	i := slices.IndexFunc(r.callers, func(c *caller) bool { return c.fate == f })
	if i < 0 {
		return nil
	}
	all := slices.DeleteFunc(slices.Clone(r.callers), func(c *caller) bool { return c.fate != f })
	return rapid.SampledFrom(all).Draw(r.t, string(f))
}

func (r *trial) step() {
	switch rapid.IntRange(0, 9).Draw(r.t, "step") {
	case 0, 1, 2:
		r.acquire()
	case 3:
		r.try()
	case 4, 5:
		if c := r.of(holds); c != nil {
			c.fate, c.real = gaveUp, gaveUp
			r.real.Release(c.n)
			r.model.release(c.n)
		} else if r.loose > 0 {
			r.loose--
			r.real.Release(1)
			r.model.release(1)
		}
	case 6, 7:
		if c := r.of(waits); c != nil {
			c.cancel()
			synctest.Wait()
			r.model.leave(c, gaveUp)
		}
	case 8:
		n := rapid.IntRange(1, 6).Draw(r.t, "limit")
		if err := r.real.SetLimit(context.Background(), n); err != nil {
			r.t.Fatal(err)
		}
		r.model.resize(n)
	case 9:
		<-time.After(time.Duration(rapid.IntRange(1, 4).Draw(r.t, "pause")) * time.Second / 2)
	}
}

// compare compares everything that can be seen.
func (r *trial) compare() {
	synctest.Wait()
	for _, c := range r.callers {
		select {
		case err := <-c.err:
			c.real = fateOf(err)
		default:
		}
		if c.real != c.fate {
			r.t.Fatalf("caller %d for %d %s, in the model it %s", c.number, c.n, c.real, c.fate)
		}
	}
	s := r.real.Stats()
	if s.InUse != r.model.held || s.Burst != r.model.limit || s.Waiting != len(r.model.line) || s.OverReleased != 0 {
		r.t.Fatalf("%+v, in the model %d of %d are held and %d wait", s, r.model.held, r.model.limit, len(r.model.line))
	}
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

func TestConcurrencyDoesWhatItsModelDoes(t *testing.T) {
	t.Parallel()
	checkInBubbles(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "limit")
		c, err := limit.NewConcurrency("db", limit.ConcurrencyConfig{Limit: n, MaxWaiters: modelWaiters})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := &trial{t: t, real: c, model: semaphore{limit: n}, start: time.Now()}
		defer func() {
			for _, c := range r.callers {
				c.cancel()
			}
			synctest.Wait()
		}()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			r.step()
			r.compare()
		}
	})
}
