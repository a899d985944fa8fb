package lease_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
)

// must gives v, or panics: examples have no one to tell.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ExampleNewLocker() {
	ctx := context.Background()
	locker := must(lease.NewLocker("jobs", lease.NewMemory(), lease.Config{TTL: 10 * time.Second}))
	defer locker.Close()

	l := must(locker.Acquire(ctx, "invoice-17"))
	_, err := locker.TryAcquire(ctx, "invoice-17")
	fmt.Println("another:", errors.Is(err, core.ErrRejected))

	if err := l.Release(ctx); err != nil {
		fmt.Println(err)
	}
	next := must(locker.TryAcquire(ctx, "invoice-17"))
	fmt.Println("released:", next.Token() > l.Token(), "-", l.Err())
	_ = next.Release(ctx)
	// Output:
	// another: true
	// released: true - lease: "jobs": lease 1 of "invoice-17" was released
}

// ledger is a resource that checks fencing tokens.
type ledger struct{ highest uint64 }

func (l *ledger) write(token uint64, text string) error {
	if token < l.highest {
		return fmt.Errorf("%s: token %d is stale, %d was seen", text, token, l.highest)
	}
	l.highest = token
	fmt.Println("written:", text)
	return nil
}

// A holder that stood still writes late, when another holds the key. Its token gives it away.
func ExampleLease_Token() {
	ctx := context.Background()
	locker := must(lease.NewLocker("jobs", lease.NewMemory(), lease.Config{}))
	defer locker.Close()
	var book ledger

	first := must(locker.Acquire(ctx, "book"))
	_ = first.Release(ctx) // or it expired while the process stood still
	second := must(locker.Acquire(ctx, "book"))
	_ = book.write(second.Token(), "second")
	fmt.Println(book.write(first.Token(), "first"))
	_ = second.Release(ctx)
	// Output:
	// written: second
	// first: token 1 is stale, 2 was seen
}

// Two replicas have the same scheduled job. Schedulers give each run its core.Occurrence.
func ExampleOnce() {
	store := lease.NewMemory() // of a server, when the replicas are processes
	due := time.Date(2026, time.November, 26, 3, 0, 0, 0, time.UTC)
	ctx := core.WithOccurrence(context.Background(), core.Occurrence{Job: "report", Time: due})
	for _, replica := range []string{"a", "b"} {
		locker := must(lease.NewLocker("jobs", store, lease.Config{}))
		defer locker.Close()
		err := lease.Once(locker).Do(ctx, func(context.Context) error {
			fmt.Println(replica, "makes the report")
			return nil
		})
		fmt.Println(replica, "was skipped:", errors.Is(err, core.ErrRejected))
	}
	// Output:
	// a makes the report
	// a was skipped: false
	// b was skipped: true
}

func ExampleExclusive() {
	locker := must(lease.NewLocker("jobs", lease.NewMemory(), lease.Config{}))
	defer locker.Close()
	reindex := func(ctx context.Context) error {
		token, _ := lease.TokenOf(ctx)
		fmt.Println("reindexing under token", token)
		// Whoever comes meanwhile and does not wait is turned away.
		err := lease.TryExclusive(locker, "index").Do(context.Background(), func(context.Context) error { return nil })
		fmt.Println("meanwhile:", errors.Is(err, core.ErrRejected))
		return nil
	}
	fmt.Println(lease.Exclusive(locker, "index").Do(context.Background(), reindex))
	// Output:
	// reindexing under token 1
	// meanwhile: true
	// <nil>
}

func ExampleNewElector() {
	ctx := context.Background()
	locker := must(lease.NewLocker("jobs", lease.NewMemory(), lease.Config{}))
	defer locker.Close()
	elected := make(chan struct{}, 1)
	elector := must(lease.NewElector("maintenance", locker, lease.WithHook(func(_ context.Context, c lease.Change) {
		fmt.Printf("%s leads: %v\n", c.Elector, c.Leads)
		if c.Leads {
			elected <- struct{}{}
		}
	})))
	if err := elector.Start(ctx); err != nil {
		fmt.Println(err)
	}
	<-elected

	sweep := func(ctx context.Context) error {
		token, _ := lease.TokenOf(ctx)
		fmt.Println("sweeping in term", token)
		return nil
	}
	fmt.Println(lease.WhileLeader(elector).Do(ctx, sweep))

	if err := elector.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(lease.WhileLeader(elector).Do(ctx, sweep))
	// Output:
	// maintenance leads: true
	// sweeping in term 1
	// <nil>
	// maintenance leads: false
	// lease: "maintenance" does not lead
}
