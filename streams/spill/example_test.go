package spill_test

import (
	"context"
	"fmt"
	"os"

	"github.com/goflow-go/goflow/streams/spill"
)

// tempDir is a directory for an example, and what removes it.
func tempDir() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "spill")
	if err != nil {
		panic(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

func ExampleOpen() {
	dir, remove := tempDir()
	defer remove()
	ctx := context.Background()

	q, err := spill.Open("uploads", spill.Config{Dir: dir, MaxBytes: 256 << 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = q.PushBatch(ctx, [][]byte{[]byte("one"), []byte("two"), []byte("three")})
	if err != nil {
		fmt.Println(err)
	}
	rec, _ := q.Pop(ctx)
	fmt.Printf("%s\n", rec.Data)
	_ = q.Ack(ctx, rec.Seq) // done with
	_, _ = q.Pop(ctx)       // not acknowledged, so it comes again
	_ = q.Close(ctx)

	q, _ = spill.Open("uploads", spill.Config{Dir: dir})
	rec, _ = q.Pop(ctx)
	fmt.Printf("%s, of %d\n", rec.Data, q.Len())
	_ = q.Close(ctx)
	// Output:
	// one
	// two, of 2
}

func ExampleQueue_PopBatch() {
	dir, remove := tempDir()
	defer remove()
	ctx := context.Background()
	q, err := spill.Open("uploads", spill.Config{Dir: dir, Sync: spill.SyncAlways})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = q.Close(ctx) }()
	for i := range 5 {
		_ = q.Push(ctx, fmt.Appendf(nil, "record %d", i))
	}
	var batch spill.Batch
	for q.Len() > 0 {
		if err := q.PopBatch(ctx, &batch, 3); err != nil {
			fmt.Println(err)
			return
		}
		for _, rec := range batch.Records {
			fmt.Printf("%s, ", rec.Data)
		}
		fmt.Println("done")
		_ = q.Ack(ctx, batch.Last())
	}
	// Output:
	// record 0, record 1, record 2, done
	// record 3, record 4, done
}

func ExampleVerify() {
	dir, remove := tempDir()
	defer remove()
	ctx := context.Background()
	q, err := spill.Open("uploads", spill.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = q.Push(ctx, []byte("one"))
	_ = q.Close(ctx)

	report, err := spill.Verify(dir)
	fmt.Println(report.Records, "records, damaged:", report.Damaged(), err)
	// Output: 1 records, damaged: false <nil>
}
