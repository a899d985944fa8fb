package streams_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goflow-go/goflow/streams"
)

func Example() {
	in := make(chan string, 5)
	for _, order := range []string{"3", "", "1", "4", "1"} {
		in <- order
	}
	close(in)

	valid := streams.FromChannel(in).Named("orders").Filter(func(s string) bool { return s != "" }).Parallel(10)
	parse := func(_ context.Context, s string) (int, error) { return strconv.Atoi(s) }
	rows := streams.Batch(streams.Map(valid, parse), 3, time.Second)
	err := rows.ForEach(context.Background(), func(_ context.Context, batch []int) error {
		fmt.Println("store", batch)
		return nil
	})
	fmt.Println(err)
	// Output:
	// store [3 1 4]
	// store [1]
	// <nil>
}

func ExampleFromSlice() {
	even := streams.FromSlice([]int{1, 2, 3, 4}).Filter(func(n int) bool { return n%2 == 0 })
	fmt.Println(even.Collect(context.Background()))
	// Output: [2 4] <nil>
}

func ExampleFromSeq() {
	n, err := streams.FromSeq(slices.Values([]string{"a", "b", "c"})).Count(context.Background())
	fmt.Println(n, err)
	// Output: 3 <nil>
}

func ExamplePull() {
	questions := []string{"who", "what"}
	s := streams.Pull(func(context.Context) (string, bool, error) {
		if len(questions) == 0 {
			return "", false, nil
		}
		return questions[0], true, nil
	})
	err := s.ForEach(context.Background(), func(_ context.Context, q string) error {
		fmt.Println(q)
		questions = questions[1:] // before the next is asked for
		return nil
	})
	fmt.Println(err)
	// Output:
	// who
	// what
	// <nil>
}

func ExampleGenerate() {
	n := 1
	powers := streams.Generate(func(context.Context) (int, bool, error) {
		n *= 2
		return n, true, nil
	})
	fmt.Println(powers.Take(4).Collect(context.Background()))
	// Output: [2 4 8 16] <nil>
}

func ExampleFromSlices() {
	pages := [][]string{{"a", "b"}, {"c"}} // as a database gives them
	s := streams.FromSlices(func(context.Context) iter.Seq2[[]string, error] {
		return func(yield func([]string, error) bool) {
			// What is to be closed at the end is closed by a defer here.
			for _, page := range pages {
				if !yield(page, nil) {
					return
				}
			}
		}
	})
	fmt.Println(s.Collect(context.Background()))
	// Output: [a b c] <nil>
}

func ExampleLines() {
	log := strings.NewReader("GET /\nPOST /pay\nGET /about\n")
	gets := streams.Lines(log).Filter(func(line string) bool { return strings.HasPrefix(line, "GET ") })
	fmt.Println(gets.Count(context.Background()))
	// Output: 2 <nil>
}

func ExampleStream_Seq() {
	for n, err := range streams.FromSlice([]int{3, 1, 2}).Seq(context.Background()) {
		if err != nil || n == 2 {
			break
		}
		fmt.Println(n)
	}
	// Output:
	// 3
	// 1
}

func ExampleStream_DeadLetter() {
	in := streams.FromSlice([]string{"1", "two", "3"}).DeadLetter(func(_ context.Context, item string, err error) error {
		fmt.Println("set aside:", item)
		return nil
	})
	fmt.Println(streams.Map(in, func(_ context.Context, s string) (int, error) { return strconv.Atoi(s) }).Collect(context.Background()))
	// Output:
	// set aside: two
	// [1 3] <nil>
}

func ExampleParallelBy() {
	type event struct {
		account string
		amount  int
	}
	balance := map[string]*int{"ann": new(int), "bob": new(int)}
	events := streams.FromSlice([]event{{"ann", 5}, {"bob", 7}, {"ann", -2}, {"bob", 1}})
	perAccount := streams.ParallelBy(events, 4, func(e event) string { return e.account })
	err := perAccount.ForEach(context.Background(), func(_ context.Context, e event) error {
		*balance[e.account] += e.amount // one at a time for each account
		return nil
	})
	fmt.Println(*balance["ann"], *balance["bob"], err)
	// Output: 3 8 <nil>
}

func ExampleReduce() {
	longest, err := streams.Reduce(context.Background(), streams.FromSlice([]string{"a", "ccc", "bb"}), "",
		func(acc, s string) string {
			if len(s) > len(acc) {
				return s
			}
			return acc
		})
	fmt.Println(longest, err)
	// Output: ccc <nil>
}

func ExampleBatchBy() {
	small := streams.BatchBy(streams.FromSlice([]string{"aa", "bbb", "c", "dddddd"}), streams.BatchConfig[string]{
		Bytes: 5, Size: func(s string) int { return len(s) },
	})
	fmt.Println(small.Collect(context.Background()))
	// Output: [[aa bbb] [c] [dddddd]] <nil>
}

func ExampleStream_Buffer() {
	dropped := 0
	in := streams.FromSlice([]int{1, 2, 3}).OnDrop(func(items []int) { dropped += len(items) })
	n, err := in.Buffer(1024, streams.DropOldest).Count(context.Background())
	fmt.Println(n+dropped, err)
	// Output: 3 <nil>
}

func ExampleStageError() {
	in := streams.FromSlice([]int{1}).Named("orders").Stage("enrich")
	err := streams.Map(in, func(context.Context, int) (int, error) { return 0, errors.New("no such customer") }).Drain(context.Background())
	fmt.Println(err)
	// Output: streams: "orders": stage "enrich": no such customer
}
