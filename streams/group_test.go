package streams_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/streams"
)

// visit is an item that comes at a second of a test.
type visit struct {
	second int
	key    string
}

// visits gives each at its time, and ends at the last second.
func visits(last int, all ...visit) streams.Stream[string] {
	i, began := -1, time.Now()
	until := func(ctx context.Context, second int) error {
		select {
		case <-time.After(time.Until(began.Add(time.Duration(second) * time.Second))):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s := streams.Generate(func(ctx context.Context) (string, bool, error) {
		if i++; i < len(all) {
			return all[i].key, true, until(ctx, all[i].second)
		}
		return "", false, until(ctx, last)
	})
	return streams.WithChunk(s, func() int { return 1 })
}

// groupLog tells when groups begin and end: "a 0-3 x2" is two items of a. Each end takes the time of slow.
func groupLog(t *testing.T, cfg streams.GroupConfig, slow time.Duration, in streams.Stream[string]) []string {
	t.Helper()
	began, lines := time.Now(), make(chan string, 100)
	since := func() int { return int(time.Since(began).Seconds()) }
	key := func(k string) string { return k }
	err := streams.GroupBy(t.Context(), in, cfg, key, func(ctx context.Context, k string, in streams.Stream[string]) error {
		from := since()
		n, err := in.Count(ctx)
		lines <- fmt.Sprintf("%s %d-%d x%d", k, from, since(), n)
		if slow > 0 {
			<-time.After(slow)
		}
		return err
	})
	if err != nil {
		t.Errorf("got error %v, want none", err)
	}
	close(lines)
	var all []string
	for line := range lines {
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

func TestGroupsWithoutItemsAreEnded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		cfg  streams.GroupConfig
		slow time.Duration
		in   []visit
		want []string
	}{
		{
			"after the idle time, each on its own", streams.GroupConfig{Idle: 10 * time.Second}, 0,
			[]visit{{0, "a"}, {3, "b"}, {8, "a"}, {15, "c"}},
			[]string{"a 0-18 x2", "b 3-13 x1", "c 15-25 x1"},
		},
		{
			"and begin again", streams.GroupConfig{Idle: 10 * time.Second}, 0,
			[]visit{{0, "a"}, {20, "a"}, {29, "a"}, {50, "a"}},
			[]string{"a 0-10 x1", "a 20-39 x2", "a 50-60 x1"},
		},
		{
			"at the end of the stream", streams.GroupConfig{Idle: time.Hour}, 0,
			[]visit{{0, "a"}, {20, "b"}},
			[]string{"a 0-100 x1", "b 20-100 x1"},
		},
		{
			"also when there are too many", streams.GroupConfig{Idle: 10 * time.Second, Max: 2}, 0,
			[]visit{{0, "a"}, {1, "b"}, {2, "a"}, {3, "c"}},
			[]string{"a 0-12 x2", "b 1-3 x1", "c 3-13 x1"},
		},
		{
			"while others go on", streams.GroupConfig{Idle: 10 * time.Second}, 30 * time.Second,
			[]visit{{0, "a"}, {9, "b"}, {11, "b"}, {12, "b"}},
			[]string{"a 0-10 x1", "b 9-22 x3"},
		},
		{
			"and a key waits for its last group", streams.GroupConfig{Idle: 10 * time.Second}, 30 * time.Second,
			[]visit{{0, "a"}, {15, "a"}},
			[]string{"a 0-10 x1", "a 40-50 x1"},
		},
		{
			"and are many only until they have returned", streams.GroupConfig{Idle: 10 * time.Second, Max: 2}, 5 * time.Second,
			[]visit{{0, "a"}, {1, "b"}, {12, "c"}, {18, "d"}},
			[]string{"a 0-10 x1", "b 1-11 x1", "c 15-25 x1", "d 18-28 x1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requireItems(t, groupLog(t, c.cfg, c.slow, visits(100, c.in...)), c.want...)
			})
		})
	}
}

func TestTheErrorOfAGroupThatWasEndedEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]time.Duration{"while it goes on": time.Minute, "at its end": 90 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in := visits(3600, visit{0, "a"}, visit{0, "b"}, visit{1200, "b"})
				cfg := streams.GroupConfig{Idle: time.Second}
				err := streams.GroupBy(t.Context(), in, cfg, strings.ToUpper, func(ctx context.Context, k string, in streams.Stream[string]) error {
					err := in.Drain(ctx)
					if k == "A" {
						select {
						case <-time.After(fail):
							return errBoom
						case <-ctx.Done():
						}
					}
					return err
				})
				if !errors.Is(err, errBoom) {
					t.Errorf("got error %v, want that of the group", err)
				}
			})
		})
	}
}

func TestAFailedRunEndsTheContextOfGroupsThatWereEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := visits(100, visit{0, "a"}, visit{50, "bad"}).Tap(func(k string) {
			if k == "bad" {
				panic(errBoom)
			}
		})
		var cause error
		cfg := streams.GroupConfig{Idle: time.Second}
		err := streams.GroupBy(t.Context(), in, cfg, strings.ToUpper, func(ctx context.Context, _ string, in streams.Stream[string]) error {
			err := in.Drain(ctx)
			<-ctx.Done()
			cause = context.Cause(ctx)
			return err
		})
		requireStage(t, err, "tap", errBoom)
		requireStage(t, cause, "tap", errBoom)
	})
}

func TestGroupByRefusesWrongBounds(t *testing.T) {
	t.Parallel()
	err := streams.GroupBy(t.Context(), streams.FromSlice(numbers(3)), streams.GroupConfig{Max: -1, Idle: -1}, func(n int) int { return n }, nil)
	if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "Max must be above 0") || !strings.Contains(err.Error(), "Idle must not be negative") {
		t.Errorf("got error %v, want both faults", err)
	}
}
