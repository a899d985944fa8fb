package streams_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/goflow-go/goflow/streams"
)

func ExampleMerge() {
	all, err := streams.Merge(streams.FromSlice([]int{1, 2}), streams.FromSlice([]int{3})).Collect(context.Background())
	slices.Sort(all) // they come as they come
	fmt.Println(all, err)
	// Output: [1 2 3] <nil>
}

func ExampleZip() {
	names, ages := streams.FromSlice([]string{"ann", "bob"}), streams.FromSlice([]int{31, 42, 53})
	both := streams.Zip(names, ages, func(_ context.Context, name string, age int) (string, error) {
		return fmt.Sprint(name, " is ", age), nil
	})
	fmt.Println(both.Collect(context.Background()))
	// Output: [ann is 31 bob is 42] <nil>
}

func ExampleBroadcast() {
	var count, sum int
	err := streams.Broadcast(context.Background(), streams.FromSlice([]int{1, 2, 3}),
		func(ctx context.Context, in streams.Stream[int]) (err error) {
			count, err = in.Count(ctx)
			return err
		},
		func(ctx context.Context, in streams.Stream[int]) (err error) {
			sum, err = streams.Reduce(ctx, in, 0, func(acc, n int) int { return acc + n })
			return err
		})
	fmt.Println(count, sum, err)
	// Output: 3 6 <nil>
}

func ExampleBroadcast_slowSink() {
	seen, dropped, newest := 0, 0, 0
	fastIsDone := make(chan struct{})
	fast := func(ctx context.Context, in streams.Stream[int]) error {
		defer close(fastIsDone)
		n, err := in.Count(ctx)
		fmt.Println("the fast sink got", n)
		return err
	}
	slow := func(ctx context.Context, in streams.Stream[int]) error { // holds up nobody: it drops the oldest
		in = in.OnDrop(func(items []int) { dropped += len(items) }).Buffer(10, streams.DropOldest)
		return in.ForEach(ctx, func(_ context.Context, n int) error {
			<-fastIsDone
			seen, newest = seen+1, n
			return nil
		})
	}
	err := streams.Broadcast(context.Background(), streams.FromSlice(slices.Repeat([]int{7}, 10_000)), fast, slow)
	fmt.Println("the slow one got some:", seen < 10_000, "all are counted:", seen+dropped, "and the last is", newest, err)
	// Output:
	// the fast sink got 10000
	// the slow one got some: true all are counted: 10000 and the last is 7 <nil>
}

func ExamplePartition() {
	var small, large []int
	err := streams.Partition(context.Background(), streams.FromSlice([]int{1, 200, 3}), func(n int) int {
		if n < 100 {
			return 0
		}
		return 1
	}, into(&small), into(&large))
	fmt.Println(small, large, err)
	// Output: [1 3] [200] <nil>
}

func ExampleGroupBy() {
	var mu sync.Mutex
	words := map[int]int{}
	in := streams.FromSlice([]string{"a", "bb", "c", "dd", "eee"})
	err := streams.GroupBy(context.Background(), in, streams.GroupConfig{Max: 100}, func(s string) int { return len(s) },
		func(ctx context.Context, length int, group streams.Stream[string]) error {
			n, err := group.Count(ctx)
			mu.Lock()
			defer mu.Unlock()
			words[length] += n // a group may open more than once
			return err
		})
	fmt.Println(words, err)
	// Output: map[1:2 2:2 3:1] <nil>
}

func ExampleWindows() {
	type request struct {
		at     time.Time
		status int
	}
	start := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	in := streams.FromSlice([]request{
		{start, 200}, {start.Add(4 * time.Second), 500}, {start.Add(12 * time.Second), 200},
		{start.Add(9 * time.Second), 200}, // late, but not too late
		{start.Add(21 * time.Second), 200},
	})
	perWindow := streams.Windows(in, streams.WindowConfig[request]{
		Time: func(r request) time.Time { return r.at }, Size: 10 * time.Second, Lateness: 5 * time.Second,
	}, func() map[int]int { return map[int]int{} }, func(acc map[int]int, r request) map[int]int {
		acc[r.status]++
		return acc
	})
	err := perWindow.ForEach(context.Background(), func(_ context.Context, w streams.Window[map[int]int]) error {
		fmt.Println(w.Start.Format(time.TimeOnly), w.Value)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 12:00:00 map[200:2 500:1]
	// 12:00:10 map[200:1]
	// 12:00:20 map[200:1]
	// <nil>
}

func ExampleSessions() {
	visits := streams.FromSlice([]int{0, 10, 20, 300, 310}) // seconds
	sessions := streams.Sessions(visits, streams.SessionConfig[int]{Time: second, Gap: time.Minute},
		func() int { return 0 },
		func(clicks, _ int) int { return clicks + 1 },
		func(a, b int) int { return a + b })
	err := sessions.ForEach(context.Background(), func(_ context.Context, w streams.Window[int]) error {
		fmt.Println(w.Value, "clicks in", w.End.Sub(w.Start)-time.Minute)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 3 clicks in 20s
	// 2 clicks in 10s
	// <nil>
}

func ExampleStream_Spill() {
	disk := &memoryQueue{} // package spill has one on disk
	in := streams.FromSlice([]int{1, 2, 3, 4, 5}).Spill(2, disk, decimal{})
	fmt.Println(in.Take(2).Collect(context.Background()))
	disk.reopen()
	n, err := streams.FromSlice[int](nil).Spill(2, disk, decimal{}).Count(context.Background())
	fmt.Println(n > 0, err)
	// Output:
	// [1 2] <nil>
	// true <nil>
}
