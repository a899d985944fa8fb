package streams_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// acknowledged is a source made of functions.
type acknowledged struct {
	fetch func(ctx context.Context, most int) ([]int, error)
	ack   func(ctx context.Context, items []int) error
}

func (a acknowledged) Fetch(ctx context.Context, most int) ([]int, error) { return a.fetch(ctx, most) }
func (a acknowledged) Ack(ctx context.Context, items []int) error         { return a.ack(ctx, items) }

// once gives items, and then waits for the end of ctx.
func once(items ...int) func(context.Context, int) ([]int, error) {
	return func(ctx context.Context, _ int) ([]int, error) {
		if given := items; len(given) > 0 {
			items = nil
			return given, nil
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

func TestItemsAreAcknowledgedWithoutWaitingForTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var acked []int
		src := acknowledged{once(1, 2, 3), func(_ context.Context, items []int) error {
			acked = append(acked, items...)
			return nil
		}}
		done := make(chan error)
		s := streams.Map(streams.FromAcknowledged[int](src).Parallel(2), double).Buffer(4, streams.Block)
		go func() { done <- s.Drain(ctx) }()
		synctest.Wait()
		requireItems(t, acked, 1, 2, 3)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want that of the context", err)
		}
	})
}

func TestAnAckThatFailsEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, ack := range map[string]func(context.Context, []int) error{
		"an error": func(context.Context, []int) error { return errBoom },
		"a panic":  func(context.Context, []int) error { panic(errBoom) },
		"the end of the goroutine": func(context.Context, []int) error {
			runtime.Goexit()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := streams.FromAcknowledged[int](acknowledged{once(1), ack}).Buffer(1, streams.Block).Drain(t.Context())
			want := errBoom
			if strings.HasPrefix(name, "the end") {
				want = core.ErrAborted
			}
			requireStage(t, err, "ack", want)
		})
	}
}

func TestTheLastAckHasTimeAfterTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var cause error
		src := acknowledged{once(1), func(ctx context.Context, _ []int) error {
			cancel()
			<-ctx.Done()
			cause = context.Cause(ctx)
			return cause
		}}
		err := streams.FromAcknowledged[int](src).Drain(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want that of the run's context", err)
		}
		if took := time.Since(began); took != 5*time.Second || !errors.Is(cause, context.DeadlineExceeded) {
			t.Errorf("Ack ended after %v with %v, want 5s and a deadline", took, cause)
		}
	})
}

func TestAFetchThatFailsEndsTheRunAfterTheItemsBefore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fetch func(context.Context, int) ([]int, error)
		want  error
	}{
		"items with the end":   {func(context.Context, int) ([]int, error) { return []int{1, 2}, io.EOF }, nil},
		"items with an error":  {func(context.Context, int) ([]int, error) { return []int{1, 2}, errBoom }, errBoom},
		"items, then an error": {then([]int{1, 2}, errBoom), errBoom},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var acked []int
			got, err := streams.FromAcknowledged[int](acknowledged{c.fetch, func(_ context.Context, items []int) error {
				acked = append(acked, items...)
				return nil
			}}).Collect(t.Context())
			if c.want == nil && err != nil {
				t.Errorf("got error %v, want none", err)
			}
			if c.want != nil {
				requireStage(t, err, "source", c.want)
			}
			requireItems(t, got, 1, 2)
			requireItems(t, acked, 1, 2)
		})
	}
}

// then gives items, and then panics with err.
func then(items []int, err error) func(context.Context, int) ([]int, error) {
	return func(context.Context, int) ([]int, error) {
		given := items
		if items = nil; given == nil {
			panic(err)
		}
		return given, nil
	}
}

func TestAcknowledgedNeedsASource(t *testing.T) {
	t.Parallel()
	if err := streams.FromAcknowledged[int](nil).Drain(t.Context()); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got error %v, want one of the configuration", err)
	}
}

func TestStepsOfSeveralStreamsAcknowledgeAll(t *testing.T) {
	t.Parallel()
	const n = 1000
	type s = streams.Stream[int]
	all := func(ctx context.Context, in s) error { return in.Drain(ctx) }
	some := func(ctx context.Context, in s) error { return in.Buffer(7, streams.Block).Take(5).Drain(ctx) }
	never := func(context.Context, s) error { return nil }
	third := func(v int) int { return v % 3 }
	for name, c := range map[string]struct {
		run    func(ctx context.Context, a, b s) error
		second int // of b's messages, how many are acknowledged
	}{
		"merge": {func(ctx context.Context, a, b s) error {
			return streams.Batch(streams.Merge(a, b), 10, 0).Drain(ctx)
		}, n},
		"zip": {func(ctx context.Context, a, b s) error {
			return streams.Zip(a, b, func(_ context.Context, x, y int) (int, error) { return x + y, nil }).Drain(ctx)
		}, n},
		"conflate": {func(ctx context.Context, a, b s) error {
			return streams.Conflate(streams.Merge(a, b), func(v int) int { return v }, sum).Drain(ctx)
		}, n},
		"expand": {func(ctx context.Context, a, b s) error {
			return streams.Expand(streams.Merge(a, b), func(_ context.Context, v int) iter.Seq[int] {
				return func(yield func(int) bool) {
					for yield(v) {
					}
				}
			}).Drain(ctx)
		}, n},
		"windows": {func(ctx context.Context, a, b s) error {
			cfg := streams.WindowConfig[int]{Time: second, Size: time.Minute, Slide: time.Second}
			return streams.Windows(streams.Merge(a, b), cfg, func() int { return 0 }, sum).Drain(ctx)
		}, n},
		"sessions": {func(ctx context.Context, a, _ s) error {
			cfg := streams.SessionConfig[int]{Time: func(v int) time.Time { return second(v + v/7*5) }, Gap: 2 * time.Second}
			return streams.Sessions(a, cfg, func() int { return 0 }, sum, sum).Drain(ctx)
		}, 0},
		"sample":   {func(ctx context.Context, a, _ s) error { return a.Sample(time.Hour).Drain(ctx) }, 0},
		"debounce": {func(ctx context.Context, a, _ s) error { return a.Debounce(time.Hour).Drain(ctx) }, 0},
		"broadcast": {func(ctx context.Context, a, b s) error {
			return streams.Broadcast(ctx, streams.Merge(a, b), all, some, never, all)
		}, n},
		"partition": {func(ctx context.Context, a, _ s) error { return streams.Partition(ctx, a, third, all, some, never) }, 0},
		"tee":       {func(ctx context.Context, a, _ s) error { return a.Tee(some).Tee(never).Tee(all).Drain(ctx) }, 0},
		"groups": {func(ctx context.Context, a, _ s) error {
			return streams.GroupBy(ctx, a, streams.GroupConfig{Max: 2, Idle: time.Hour}, third, func(ctx context.Context, k int, in s) error {
				return []streams.Sink[int]{all, some, never}[k](ctx, in)
			})
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := newBroker(n), newBroker(n)
			b.first = n
			// The brokers are not told what becomes of items: only the order of acknowledgements counts.
			err := c.run(t.Context(), streams.FromAcknowledged[int](settled{a}), streams.FromAcknowledged[int](settled{b}))
			if err != nil {
				t.Fatal(err)
			}
			a.require(t)
			b.require(t)
			if a.acked != n || b.acked != c.second {
				t.Errorf("acknowledged %d and %d messages, want %d and %d", a.acked, b.acked, n, c.second)
			}
		})
	}
}

// settled is a broker that takes every message for done with.
type settled struct{ *broker }

func (s settled) Fetch(ctx context.Context, most int) ([]int, error) {
	items, err := s.broker.Fetch(ctx, most)
	for _, m := range items {
		s.add(m, -1)
	}
	return items, err
}

func TestWhatNobodyTookIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	type s = streams.Stream[int]
	take := func(n int) streams.Sink[int] {
		return func(ctx context.Context, in s) error { return in.Take(n).Drain(ctx) }
	}
	for name, c := range map[string]struct {
		run  func(ctx context.Context, in s) error
		want int
	}{
		"take": {func(ctx context.Context, in s) error { return in.Take(5).Drain(ctx) }, 5},
		"all": {func(ctx context.Context, in s) error {
			_, err := in.All(ctx, func(v int) bool { return v < 4 })
			return err
		}, 5},
		"first":        {func(ctx context.Context, in s) error { _, _, err := in.First(ctx); return err }, 1},
		"part of some": {func(ctx context.Context, in s) error { return streams.Merge(in).Take(5).Drain(ctx) }, 0},
		"part of a batch": {func(ctx context.Context, in s) error {
			return streams.Flatten(streams.Batch(in, 4, 0)).Take(5).Drain(ctx)
		}, 4},
		"taking while, of some": {func(ctx context.Context, in s) error {
			return streams.Merge(in).TakeWhile(func(v int) bool { return v < 5 }).Drain(ctx)
		}, 0},
		"broadcast to those who leave": {func(ctx context.Context, in s) error {
			return streams.Broadcast(ctx, in, take(3), take(5))
		}, 0},
		"sorted": {func(ctx context.Context, in s) error { return streams.Sorted(in, 1000).Take(5).Drain(ctx) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBroker(100)
			if err := c.run(t.Context(), streams.FromAcknowledged[int](settled{b})); err != nil {
				t.Fatal(err)
			}
			b.require(t)
			if b.acked != c.want {
				t.Errorf("acknowledged %d messages, want %d", b.acked, c.want)
			}
		})
	}
}

func TestALoopThatPanicsDidNotTakeItsItem(t *testing.T) {
	t.Parallel()
	b := newBroker(10)
	func() {
		defer func() { _ = recover() }()
		for v, err := range streams.FromAcknowledged[int](settled{b}).Seq(t.Context()) {
			if v == 3 || err != nil {
				panic(errBoom)
			}
		}
	}()
	if b.acked != 3 {
		t.Errorf("acknowledged %d messages, want the 3 before the panic", b.acked)
	}
}
