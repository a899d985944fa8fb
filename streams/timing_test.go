package streams_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goflow-go/goflow/streams"
)

// timed gives 0, 1, 2, ... at these seconds from now.
func timed(t *testing.T, at ...int) streams.Stream[int] {
	t.Helper()
	in, began := make(chan int), time.Now()
	go func() {
		defer close(in)
		for i, s := range at {
			<-time.After(time.Until(began.Add(time.Duration(s) * time.Second)))
			in <- i
		}
	}()
	return streams.FromChannel(in)
}

// arrival is an item and the second at which it came.
type arrival struct{ item, at int }

func arrivals(t *testing.T, s streams.Stream[int]) []arrival {
	t.Helper()
	began := time.Now()
	return collect(t, streams.Map(s, func(_ context.Context, n int) (arrival, error) {
		return arrival{n, int(time.Since(began) / time.Second)}, nil
	}))
}

func TestDebounceGivesAnItemAfterQuietAndTheLastAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := arrivals(t, timed(t, 0, 1, 2, 10, 11, 20).Debounce(3*time.Second))
		requireItems(t, got, arrival{2, 5}, arrival{4, 14}, arrival{5, 20})
	})
}

func TestSampleGivesTheNewestEveryIntervalAndTheLastAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := arrivals(t, timed(t, 0, 1, 2, 4, 5, 20).Sample(3*time.Second))
		requireItems(t, got, arrival{2, 3}, arrival{4, 7}, arrival{5, 20})
	})
}

// metronome lets one through every second.
type metronome struct{ calls int }

func (m *metronome) Wait(context.Context) error {
	if m.calls++; m.calls > 4 {
		return errBoom
	}
	<-time.After(time.Second)
	return nil
}

func TestThrottleWaitsForEachItemAndEndsWithTheWaitersError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		requireItems(t, arrivals(t, streams.FromSlice(numbers(3)).Throttle(&metronome{})), arrival{0, 1}, arrival{1, 2}, arrival{2, 3})
		n, err := streams.FromSlice(numbers(9)).Throttle(&metronome{}).Tap(func(int) {}).Count(t.Context())
		requireStage(t, err, "throttle", errBoom)
		if n != 4 {
			t.Errorf("got %d items, want 4", n)
		}
	})
}

func TestConflateFoldsWhatComesWhileThoseBelowAreBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := streams.Conflate(timed(t, 0, 1, 2, 3, 4, 30), func(n int) []int { return []int{n} }, func(acc []int, n int) []int { return append(acc, n) })
		var got [][]int
		err := s.ForEach(t.Context(), func(_ context.Context, batch []int) error {
			got = append(got, batch)
			<-time.After(2500 * time.Millisecond)
			return nil
		})
		if err != nil || len(got) != 4 || len(got[0]) != 1 || len(got[1]) != 2 || len(got[2]) != 2 || len(got[3]) != 1 {
			t.Errorf("got %v and error %v, want [[0] [1 2] [3 4] [5]]", got, err)
		}
	})
}
