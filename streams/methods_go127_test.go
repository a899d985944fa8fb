//go:build go1.27

package streams_test

import (
	"context"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/streams"
)

func ExampleStream_Map() {
	type row struct{ id, double int }
	enrich := func(_ context.Context, id int) (row, error) { return row{id, 2 * id}, nil }
	store := func(_ context.Context, rows []row) error {
		fmt.Println(rows)
		return nil
	}
	ok := func(id int) bool { return id > 0 }
	ctx, ch := context.Background(), make(chan int, 4)
	for _, id := range []int{1, -1, 2, 3} {
		ch <- id
	}
	close(ch)

	err := streams.FromChannel(ch).Filter(ok).Parallel(10).Map(enrich).Batch(1000, time.Second).ForEach(ctx, store)
	fmt.Println(err)
	// Output:
	// [{1 2} {2 4} {3 6}]
	// <nil>
}

func ExampleStream_Batch() {
	batches := streams.FromSlice([]int{1, 2, 3, 4, 5}).Batch(2, 0)
	fmt.Println(batches.Batch(2, 0).Collect(context.Background()))
	fmt.Println(streams.Flatten(batches).Count(context.Background()))
	// Output:
	// [[[1 2] [3 4]] [[5]]] <nil>
	// 5 <nil>
}
